import { isBreaking, type VerificationSignal } from '@charter/shared/contracts';

/** What one signal said when it was asked. */
export type Reading =
  | { readonly kind: 'value'; readonly value: number }
  /** Only the monitor knows this one: there is no query behind it. */
  | { readonly kind: 'state'; readonly firing: boolean }
  | { readonly kind: 'missing'; readonly reason: string };

export const numberOf = (reading: Reading | undefined): number | null =>
  reading?.kind === 'value' ? reading.value : null;

/** Whether a signal violates its threshold; null when the reading cannot tell. */
export function violates(signal: VerificationSignal, reading: Reading | undefined): boolean | null {
  if (reading === undefined || reading.kind === 'missing') return null;
  if (reading.kind === 'state') return reading.firing;
  if (Number.isNaN(reading.value) || signal.threshold === null) return null;
  return isBreaking(reading.value, signal.comparator, signal.threshold);
}

/** How far a value is on the wrong side of its threshold, in the signal's unit; negative on the right side. */
export function excessOf({ comparator, threshold }: VerificationSignal, value: number): number {
  const distance = value - (threshold ?? 0);
  switch (comparator) {
    case '>':
    case '>=':
      return distance;
    case '<':
    case '<=':
      return -distance;
    case '==':
    case '!=':
      return comparator === '!=' ? Math.abs(distance) : -Math.abs(distance);
  }
}
