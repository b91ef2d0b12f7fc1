/** Upper bounds of the latency histograms in seconds; `+Inf` is added by the exposition. */
export const LATENCY_BUCKETS: readonly number[] = [
  0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3,
];
const LOG_BUCKETS: readonly number[] = LATENCY_BUCKETS.map(Math.log);

/** Slope that makes the logistic curve follow the normal distribution within 0.01. */
const LOGISTIC = 1.702;

/** Mean and variance of a latency in seconds; its shape is taken to be lognormal. */
export interface Latency {
  mean: number;
  variance: number;
}

/** What is left of a latency under a deadline: the moments of `min(T, deadline)` and the share that misses it. */
export interface Deadlined extends Latency {
  late: number;
}

function normalCdf(z: number): number {
  return 1 / (1 + Math.exp(-LOGISTIC * z));
}

/** Moments under a deadline, by the partial expectations of the lognormal distribution. */
export function underDeadline({ mean, variance }: Latency, deadline: number): Deadlined {
  const sigma2 = Math.log(1 + variance / (mean * mean));
  const sigma = Math.sqrt(sigma2) || 1e-6;
  const z = (Math.log(deadline / mean) + sigma2 / 2) / sigma;
  if (z > 6) return { mean, variance, late: 0 };
  const late = 1 - normalCdf(z);
  const first = mean * normalCdf(z - sigma) + deadline * late;
  const second = (mean * mean + variance) * normalCdf(z - 2 * sigma) + deadline * deadline * late;
  return { mean: first, variance: Math.max(1e-12, second - first * first), late };
}

/** Adds `share` of the distribution, cut at the deadline, to a mixture's cumulative curve over the buckets. */
export function addToCurve(curve: number[], share: number, { mean, variance }: Latency, deadline: number): void {
  const sigma2 = Math.log(1 + variance / (mean * mean));
  const slope = LOGISTIC / (Math.sqrt(sigma2) || 1e-6);
  const mu = Math.log(mean) - sigma2 / 2;
  for (let k = 0; k < LATENCY_BUCKETS.length; k += 1) {
    const bound = LATENCY_BUCKETS[k] ?? 0;
    const z = slope * ((LOG_BUCKETS[k] ?? 0) - mu);
    let below = 1;
    if (bound < deadline && z < 14) below = z < -14 ? 0 : 1 / (1 + Math.exp(-z));
    curve[k] = (curve[k] ?? 0) + share * below;
  }
}

/** A histogram as Prometheus keeps it: cumulative counts per bucket, sum and count. */
export interface Histogram {
  buckets: number[];
  sum: number;
  count: number;
}

export function emptyHistogram(): Histogram {
  return { buckets: LATENCY_BUCKETS.map(() => 0), sum: 0, count: 0 };
}

/**
 * Adds `count` observations by systematic sampling of the curve: one uniform `offset` for all buckets keeps the counts
 * whole, ordered and unbiased. `shift` seconds are added to every observation (the network, seen from the client).
 */
export function observeCurve(
  histogram: Histogram,
  curve: readonly number[],
  count: number,
  mean: number,
  offset: number,
  shift = 0,
): void {
  if (count === 0) return;
  let lower = 0;
  let below = 0;
  for (let k = 0; k < curve.length; k += 1) {
    const bound = LATENCY_BUCKETS[k] ?? 0;
    const at = curve[k] ?? 0;
    const shifted = shift === 0 ? at : at - ((at - below) * Math.min(shift, bound - lower)) / (bound - lower);
    histogram.buckets[k] = (histogram.buckets[k] ?? 0) + Math.min(count, Math.floor(count * shifted + offset));
    lower = bound;
    below = at;
  }
  histogram.sum += count * (mean + shift);
  histogram.count += count;
}

/** The quantile of cumulative bucket counts as `histogram_quantile` computes it: linear inside the bucket. */
export function quantileOf(buckets: readonly number[], count: number, quantile: number): number {
  if (count <= 0) return Number.NaN;
  const rank = quantile * count;
  let lower = 0;
  let below = 0;
  for (let k = 0; k < buckets.length; k += 1) {
    const at = buckets[k] ?? 0;
    const bound = LATENCY_BUCKETS[k] ?? 0;
    if (at >= rank && at > below) return lower + ((bound - lower) * (rank - below)) / (at - below);
    lower = bound;
    below = at;
  }
  return lower;
}
