import { type Comparator, isBreaking } from '@charter/shared/contracts';

/** What a value says: it breaks the threshold, it is back beyond the resolve threshold, or it is in the band between. */
export type Reading = 'breach' | 'between' | 'clear';

/** Where a rule draws its lines. */
export interface Limits {
  readonly comparator: Comparator;
  readonly threshold: number;
  readonly resolveThreshold: number | null;
}

/** Expects a finite value: anything else is no evidence and never gets here. */
export function readingOf(value: number, { comparator, threshold, resolveThreshold }: Limits): Reading {
  if (isBreaking(value, comparator, threshold)) return 'breach';
  if (resolveThreshold === null) return 'clear';
  return isBreaking(value, comparator, resolveThreshold) ? 'between' : 'clear';
}

/** Of two values, the one further on the breaking side. */
export function worseOf(a: number, b: number, { comparator, threshold }: Limits): number {
  switch (comparator) {
    case '>':
    case '>=':
      return Math.max(a, b);
    case '<':
    case '<=':
      return Math.min(a, b);
    case '==':
      return Math.abs(b - threshold) < Math.abs(a - threshold) ? b : a;
    case '!=':
      return Math.abs(b - threshold) > Math.abs(a - threshold) ? b : a;
  }
}
