import { Instant, Outcome } from '@charter/shared/contracts';
import { z } from 'zod';

/** An outcome as Knowledge keeps it. */
export const RecordedOutcome = Outcome.extend({
  recordedAt: Instant,
  /** Who corrected it last: a person's name, or `relapse`. */
  correctedBy: z.string().nullable(),
  correction: z.string().nullable(),
});
export type RecordedOutcome = z.infer<typeof RecordedOutcome>;

/** Delayed evidence that corrects outcomes without a person. */
export const relapse = 'relapse';

/** Who says something about an outcome: the stage that ended the plan, delayed evidence, or a person. */
export interface Speaker {
  readonly kind: 'loop' | 'relapse' | 'person';
  readonly name: string;
  readonly reason: string;
}

/** Whether a further word on a known outcome changes it: a person's verdict stands, otherwise the newest does. */
export function supersedes(known: RecordedOutcome, next: Pick<Outcome, 'at'>, speaker: Speaker): boolean {
  if (speaker.kind === 'person') return true;
  if (known.correctedBy !== null && known.correctedBy !== relapse) return false;
  return Date.parse(next.at) >= Date.parse(known.at);
}
