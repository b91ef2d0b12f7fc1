import { logBeta, regularizedBeta } from './beta-distribution.ts';

/**
 * How strongly a record speaks for a rate below `limit`: the logarithm of a test martingale against "the rate is `limit`
 * or more", a mixture of likelihood ratios over lower rates (Robbins 1970; betting form Waudby-Smith and Ramdas 2024).
 * Its exponential exceeds 1/α at any time with chance α at most when the rate is not below, so one may look after every
 * case. `events` may be fractional (each case counts between 0 and 1): the ratio is then bounded by its linear interpolation.
 */
export function evidenceBelow(limit: number, events: number, cases: number): number {
  if (limit <= 0 || cases <= 0) return 0;
  if (limit >= 1) return Number.POSITIVE_INFINITY;
  const [a, b] = [0.25, 1]; // weight on small rates, where harm should be
  const mass = Math.log(regularizedBeta(limit, a + events, b + cases - events));
  const mixture =
    logBeta(a + events, b + cases - events) + mass - logBeta(a, b) - Math.log(regularizedBeta(limit, a, b));
  return mixture - events * Math.log(limit) - (cases - events) * Math.log1p(-limit);
}

/** Upper bound of a rate that holds at all times together with chance 1 − α. */
export function rateAtMost(events: number, cases: number, alpha: number): number {
  if (cases <= 0) return 1;
  let low = Math.min(1, events / cases);
  let high = 1;
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (evidenceBelow(middle, events, cases) >= -Math.log(alpha)) high = middle;
    else low = middle;
  }
  return high;
}

/** Lower bound of a rate that holds at all times together with chance 1 − α. */
export const rateAtLeast = (events: number, cases: number, alpha: number): number =>
  1 - rateAtMost(cases - events, cases, alpha);
