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

/** Who says something about an outcome: the stage that ended the plan, another installation, delayed evidence, a person. */
export interface Speaker {
  readonly kind: 'loop' | 'import' | 'relapse' | 'person';
  readonly name: string;
  readonly reason: string;
  /** The person whose correction an imported outcome carries. */
  readonly corrected?: string;
}

/** Whose correction a word is, if it is one. */
export const correctorOf = ({ kind, name, corrected }: Speaker): string | null =>
  kind === 'relapse' || kind === 'person' ? name : (corrected ?? null);

/** Whether a further word on a known outcome changes it: a person's verdict stands, otherwise the newest does. */
export function supersedes(known: RecordedOutcome, next: Pick<Outcome, 'at'>, { kind }: Speaker): boolean {
  if (kind === 'person') return true;
  if (kind === 'import') return false;
  if (known.correctedBy !== null && known.correctedBy !== relapse) return false;
  return Date.parse(next.at) >= Date.parse(known.at);
}
