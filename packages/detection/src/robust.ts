/** Order statistics that ignore outliers. All of them take plain numbers without NaN. */

/** Ascending copy of the values. */
export function sortedCopy(values: ArrayLike<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** Linear-interpolated quantile of ascending values, 0 <= p <= 1; NaN when there are none. */
export function quantileOfSorted(sorted: ArrayLike<number>, p: number): number {
  if (sorted.length === 0) return Number.NaN;
  const x = (sorted.length - 1) * p;
  const i = Math.floor(x);
  const low = sorted[i] ?? Number.NaN;
  const high = sorted[Math.min(i + 1, sorted.length - 1)] ?? low;
  return low + (x - i) * (high - low);
}

/** Median of the values in any order; NaN when there are none. */
export function medianOf(values: ArrayLike<number>): number {
  return quantileOfSorted(sortedCopy(values), 0.5);
}

/** Median absolute deviation around `center` of ascending values, walked outwards from the middle in linear time. */
export function madOfSorted(sorted: ArrayLike<number>, center: number): number {
  const n = sorted.length;
  let left = (n >> 1) - 1;
  let right = n >> 1;
  let distance = 0;
  for (let need = (n >> 1) + 1; need > 0 && (left >= 0 || right < n); need--) {
    const a = left >= 0 ? center - (sorted[left] ?? 0) : Number.POSITIVE_INFINITY;
    const b = right < n ? (sorted[right] ?? 0) - center : Number.POSITIVE_INFINITY;
    if (a <= b) {
      distance = a;
      left--;
    } else {
      distance = b;
      right++;
    }
  }
  return distance;
}

/** Largest of three robust estimates of the standard deviation (IQR, MAD, 5..95 % span): small only if all agree. */
export function spreadOfSorted(sorted: ArrayLike<number>): number {
  const iqr = (quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25)) / 1.349;
  const mad = 1.4826 * madOfSorted(sorted, quantileOfSorted(sorted, 0.5));
  const span = (quantileOfSorted(sorted, 0.95) - quantileOfSorted(sorted, 0.05)) / 3.29;
  return Math.max(iqr, mad, span);
}
