import type { RootCauseInput, Series } from '@charter/detection';

/** Simple methods that run beside ours, so that every figure has a neighbour measured in the same run. */

const quantile = (sorted: ArrayLike<number>, p: number): number => {
  const x = (sorted.length - 1) * p;
  const i = Math.floor(x);
  const low = sorted[i] ?? Number.NaN;
  return low + (x - i) * ((sorted[i + 1] ?? low) - low);
};

/** Distance from the exponentially weighted mean in weighted deviations: a control chart. */
export function ewmaScores(values: ArrayLike<number>, weight = 0.02): Float64Array {
  let mean = Number.NaN;
  let variance = 0;
  return Float64Array.from(values, (value, i) => {
    if (Number.isNaN(value)) return 0;
    if (Number.isNaN(mean)) mean = value;
    const delta = value - mean;
    const score = i > 10 ? Math.abs(delta) / (Math.sqrt(variance) + 1e-9 + 0.001 * Math.abs(mean)) : 0;
    mean += weight * delta;
    variance = (1 - weight) * (variance + weight * delta * delta);
    return score;
  });
}

/** Distance from the median of the newest 288 samples in robust deviations. */
export function trailingRobustScores(values: ArrayLike<number>): Float64Array {
  const window: number[] = [];
  const queue: number[] = [];
  let last = 0;
  return Float64Array.from(values, (raw) => {
    const value = Number.isNaN(raw) ? last : raw;
    last = value;
    let score = 0;
    if (window.length >= 20) {
      const median = quantile(window, 0.5);
      const distances = window.map((other) => Math.abs(other - median)).sort((a, b) => a - b);
      const span = (quantile(window, 0.95) - quantile(window, 0.05)) / 3.29;
      score =
        Math.abs(value - median) /
        (Math.max(1.4826 * quantile(distances, 0.5), span) + 1e-9 + 0.001 * Math.abs(median));
    }
    window.splice(placeOf(window, value), 0, value);
    queue.push(value);
    if (queue.length > 288) window.splice(placeOf(window, queue.shift() ?? 0), 1);
    return score;
  });
}

function placeOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Mean over metrics of the robust distance from the training rows, each capped at 20. */
export function meanRobustScores(columns: readonly Float64Array[], trainRows: number): Float64Array {
  const fits = columns.map((column) => {
    const sorted = column.slice(0, trainRows).sort();
    const spread = Math.max(
      (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349,
      (quantile(sorted, 0.99) - quantile(sorted, 0.01)) / 4.65,
      0.01,
    );
    return { median: quantile(sorted, 0.5), spread };
  });
  const rows = (columns[0]?.length ?? 0) - trainRows;
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    fits.forEach(({ median, spread }, j) => {
      sum += Math.min(20, Math.abs((columns[j]?.[trainRows + i] ?? median) - median) / spread) / fits.length;
    });
    return sum;
  });
}

/** Ranks components by their largest floored robust distance of the window's median: the best single rule of the data set. */
export function rankByWindowMedian(input: RootCauseInput): string[] {
  const best = new Map<string, number>();
  for (const series of input.series) {
    if (series.component.startsWith('_') || series.labels?.level !== undefined) continue;
    const distance = windowDistance(series, input.detectedAt);
    if (distance > (best.get(series.component) ?? Number.NEGATIVE_INFINITY)) best.set(series.component, distance);
  }
  return [...best].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([component]) => component);
}

function windowDistance({ timestamps, values }: Series, detectedAt: number): number {
  const before: number[] = [];
  const after: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (!Number.isNaN(value)) ((timestamps[i] ?? 0) < detectedAt ? before : after).push(value);
  }
  if (before.length < 4 || after.length < 1) return Number.NEGATIVE_INFINITY;
  const sorted = before.sort((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const deviations = sorted.map((value) => Math.abs(value - median)).sort((a, b) => a - b);
  const largest = Math.max(...after.map(Math.abs), 1e-6);
  const scale = Math.max(
    (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 1.349,
    1.4826 * quantile(deviations, 0.5),
    (quantile(sorted, 0.95) - quantile(sorted, 0.05)) / 3.29,
    0.05 * Math.abs(median),
    1e-9 + (median === 0 ? 0.05 * largest : 0),
  );
  return quantile(
    after.map((value) => Math.abs(value - median) / scale).sort((a, b) => a - b),
    0.5,
  );
}
