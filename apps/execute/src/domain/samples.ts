import type { Verification, VerificationSignal } from '@charter/shared/contracts';
import { excessOf, numberOf, type Reading, violates } from './reading.ts';

/** All signals of a plan as they read at one moment; `atMs` since the epoch. */
export interface Sample {
  readonly atMs: number;
  readonly readings: readonly Reading[];
}

export interface VerificationFacts {
  readonly verification: Verification;
  /** How the signals read just before the first effect. */
  readonly baseline: readonly Reading[] | null;
  readonly samples: readonly Sample[];
  /** When the first sample is due. */
  readonly fromMs: number;
}

export const indexesOf = ({ signals }: Verification, role: VerificationSignal['role']): number[] =>
  signals.flatMap((signal, index) => (signal.role === role ? [index] : []));

/** The worse of what the plan saw and what was there just before the effect: a fault may still have been growing. */
export function beforeOf({ verification, baseline }: VerificationFacts, index: number): number | null {
  const signal = verification.signals[index];
  if (!signal) return null;
  const seen = [signal.before, numberOf(baseline?.[index])].filter((value) => value !== null && Number.isFinite(value));
  const [first, second] = seen;
  if (first == null) return null;
  if (second == null) return first;
  return excessOf(signal, second) > excessOf(signal, first) ? second : first;
}

export function medianOf(tail: readonly Sample[], index: number): number | null {
  return middleOf(tail.flatMap(({ readings }) => numberOf(readings[index]) ?? []));
}

export const middleOf = (values: readonly number[]): number | null =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;

/** Share of a signal's excess that is gone: 1 when resolved in every sample; negative when it grew. */
export function gainOf(facts: VerificationFacts, tail: readonly Sample[], index: number): number {
  const signal = facts.verification.signals[index];
  if (!signal) return 0;
  if (tail.every(({ readings }) => violates(signal, readings[index]) === false)) return 1;
  const before = beforeOf(facts, index);
  const after = medianOf(tail, index);
  if (before === null || after === null) return 0;
  const excess = excessOf(signal, before);
  if (excess <= 0) return 0;
  return Math.min(0.99, (excess - excessOf(signal, after)) / excess);
}

/** What a change of a signal is measured by: the larger of where it was and where it should be. */
export const scaleOf = ({ threshold }: VerificationSignal, before: number): number =>
  Math.max(Math.abs(before), Math.abs(threshold ?? 0));
