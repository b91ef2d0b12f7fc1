import type { VerificationSignal, Violation } from '@charter/shared/contracts';
import { type Reading, violates } from './reading.ts';
import type { Spec } from './spec.ts';

/** One violated signal as it is now: what the source says, and whether someone silenced it. */
export interface TriggerEvidence {
  readonly signal: VerificationSignal;
  readonly reading: Reading;
  readonly suppressed: Violation['suppressed'];
}

export type TriggerVerdict =
  | { readonly kind: 'firing'; readonly reason: string }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'silenced'; readonly reason: string }
  | { readonly kind: 'inconclusive'; readonly reason: string };

/** Silences that steps of the execution itself made, for the time of the change, by their ids. */
export const ownSilencesOf = (after: readonly (Spec | null)[]): ReadonlySet<string> =>
  new Set(after.flatMap((spec) => (typeof spec?.silenceId === 'string' ? [spec.silenceId] : [])));

/** Why nobody wants to hear of a violation; an own silence is no such reason. */
export const suppressionBy = (
  suppressed: Violation['suppressed'],
  ownSilences: ReadonlySet<string>,
): Violation['suppressed'] =>
  suppressed?.by === 'silence' && ownSilences.has(suppressed.reference) ? null : suppressed;

/** Whether what raised the plan still stands: one confirmed violation that nobody silenced. */
export function judgeTrigger(evidence: readonly TriggerEvidence[]): TriggerVerdict {
  if (evidence.length === 0)
    return { kind: 'inconclusive', reason: 'The plan names no violated signal to look at again' };
  const broken = evidence.filter(({ signal, reading }) => violates(signal, reading) === true);
  const standing = broken.find(({ suppressed }) => suppressed === null);
  if (standing) return { kind: 'firing', reason: `${describe(standing)} still violates its threshold` };
  const silenced = broken[0];
  if (silenced?.suppressed) {
    const { by, reference } = silenced.suppressed;
    return { kind: 'silenced', reason: `${silenced.signal.rule} is suppressed by ${by} ${reference}` };
  }
  const unclear = evidence.find(({ signal, reading }) => violates(signal, reading) === null);
  if (unclear) return { kind: 'inconclusive', reason: `${unclear.signal.rule} cannot be told: ${whyUnclear(unclear)}` };
  return { kind: 'gone', reason: `${evidence.map(describe).join(', ')}: resolved before anything was done` };
}

function describe({ signal, reading }: TriggerEvidence): string {
  if (reading.kind !== 'value') return signal.rule;
  return `${signal.rule} (${String(reading.value)}, threshold ${signal.comparator} ${String(signal.threshold)})`;
}

function whyUnclear({ signal, reading }: TriggerEvidence): string {
  if (reading.kind === 'missing') return reading.reason;
  return signal.threshold === null ? 'it has no threshold' : 'its value is not a number';
}
