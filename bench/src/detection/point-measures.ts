/** Measures of a score against point labels: plain best F1 and VUS-PR (Paparrizos et al. 2022). Never point-adjusted. */

type Span = readonly [number, number];

/** First and last index of each run of labelled points. */
export function spansOf(labels: ArrayLike<number>): Span[] {
  const spans: Span[] = [];
  let start = -1;
  for (let i = 0; i <= labels.length; i++) {
    const on = i < labels.length && (labels[i] ?? 0) > 0;
    if (on && start < 0) start = i;
    if (!on && start >= 0) {
      spans.push([start, i - 1]);
      start = -1;
    }
  }
  return spans;
}

/** Largest F1 of points over all thresholds. */
export function bestF1(scores: Float64Array, labels: Uint8Array): number {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  let hits = 0;
  let best = 0;
  for (let i = 0; i < order.length; ) {
    const threshold = scores[order[i] ?? 0];
    for (; i < order.length && scores[order[i] ?? 0] === threshold; i++) hits += labels[order[i] ?? 0] ?? 0;
    best = Math.max(best, (2 * hits) / (i + positives));
  }
  return best;
}

/** Widest buffer around a labelled span, and thresholds taken, as in TSB-AD. */
const MAX_BUFFER = 100;
const THRESHOLDS = 250;

/** Volume under the surface of range-precision and range-recall over buffer sizes 0..100. NaN without labels. */
export function vusPr(scores: Float64Array, labels: Uint8Array): number {
  const spans = spansOf(labels);
  if (spans.length === 0) return Number.NaN;
  const rows = scores.length;
  const descending = Float64Array.from(scores).sort().reverse();
  const thresholds = Float64Array.from(
    { length: THRESHOLDS },
    (_, k) => descending[Math.trunc(((rows - 1) * k) / (THRESHOLDS - 1))] ?? 0,
  );
  const predicted = thresholds.map((threshold) => countAtLeast(descending, threshold));
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const inside = widened(spans, MAX_BUFFER, rows).flatMap(([from, to]) =>
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
  );
  inside.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  let volume = 0;
  for (let buffer = 0; buffer <= MAX_BUFFER; buffer++) {
    volume += areaAt(buffer, { scores, labels, spans, inside, thresholds, predicted, positives });
  }
  return volume / (MAX_BUFFER + 1);
}

interface Surface {
  readonly scores: Float64Array;
  readonly labels: Uint8Array;
  readonly spans: readonly Span[];
  /** Points that any buffer can reach, highest score first. */
  readonly inside: readonly number[];
  readonly thresholds: Float64Array;
  readonly predicted: Float64Array;
  readonly positives: number;
}

function areaAt(buffer: number, surface: Surface): number {
  const { scores, labels, spans, inside, thresholds, predicted, positives } = surface;
  const weights = bufferWeights(labels, spans, buffer);
  const wide = widened(spans, buffer, scores.length);
  const peaks = wide
    .map(([from, to]) =>
      scores.subarray(from, to + 1).reduce((top, score) => Math.max(top, score), Number.NEGATIVE_INFINITY),
    )
    .sort((a, b) => b - a);
  let taken = 0;
  let weighted = 0;
  let extra = 0;
  let reached = 0;
  let before = 0;
  let area = 0;
  for (let k = 0; k < thresholds.length; k++) {
    const threshold = thresholds[k] ?? 0;
    for (; taken < inside.length && (scores[inside[taken] ?? 0] ?? 0) >= threshold; taken++) {
      const i = inside[taken] ?? 0;
      const weight = weights[i] ?? 0;
      weighted += weight;
      if (!labels[i]) extra += weight;
    }
    while (reached < peaks.length && (peaks[reached] ?? 0) >= threshold) reached++;
    const recall = Math.min(weighted / ((2 * positives + extra) / 2), 1) * (reached / wide.length);
    area += (recall - before) * (weighted / (predicted[k] ?? 1));
    before = recall;
  }
  return area;
}

/** 1 on labelled points, falling with the square root of the distance to 0 at half a buffer beside them. */
function bufferWeights(labels: Uint8Array, spans: readonly Span[], buffer: number): Float64Array {
  const weights = Float64Array.from(labels);
  const half = buffer >> 1;
  for (const [from, to] of spans) {
    for (let i = to + 1; i < Math.min(to + half + 1, labels.length); i++)
      weights[i] = (weights[i] ?? 0) + Math.sqrt(1 - (i - to) / buffer);
    for (let i = Math.max(from - half, 0); i < from; i++)
      weights[i] = (weights[i] ?? 0) + Math.sqrt(1 - (from - i) / buffer);
  }
  return weights.map((weight) => Math.min(1, weight));
}

/** Spans widened by half a buffer on both sides, merged where they touch. */
function widened(spans: readonly Span[], buffer: number, rows: number): Span[] {
  const half = buffer >> 1;
  const out: [number, number][] = [];
  for (const [from, to] of spans) {
    const last = out[out.length - 1];
    if (last && last[1] >= from - half) last[1] = to + half;
    else out.push([Math.max(from - half, 0), to + half]);
  }
  const last = out[out.length - 1];
  if (last) last[1] = Math.min(last[1], rows - 1);
  return out;
}

function countAtLeast(descending: Float64Array, threshold: number): number {
  let low = 0;
  let high = descending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((descending[middle] ?? 0) >= threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}
