import type { MetricKind } from './metric-kind.ts';
import { quantileOfSorted, sortedCopy, spreadOfSorted } from './robust.ts';
import type { Samples } from './series.ts';
import type { RootCauseTuning } from './tuning.ts';

/** How a series changed at an incident. `deviation` is signed, in floored robust standard deviations. */
export interface Change {
  readonly from: number;
  readonly to: number;
  readonly deviation: number;
  readonly changedAt: number;
  readonly baselineSamples: number;
  readonly windowSamples: number;
}

/** First index whose time is not before `time`. */
function firstFrom(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Compares the window around `detectedAt` with what was normal before. A sample within one step before the detection
 * may already hold a part of the problem, so it belongs to the window. At least half of the window has to agree on a
 * change, and the change must differ both from the long baseline and from the newest unbroken stretch before the
 * window, so that drift and time of day do not count. `freshest` is when series of this metric were last seen before.
 */
export function measureChange(
  samples: Samples,
  detectedAt: number,
  kind: MetricKind,
  freshest: number,
  tuning: RootCauseTuning,
): Change | undefined {
  const { times, values } = samples;
  const step = stepOf(times);
  const split = firstFrom(times, detectedAt - step * tuning.guardSteps);
  const end = windowEnd(times, firstFrom(times, detectedAt), step * tuning.gapSteps);
  if (split < tuning.minimumBaseline || split >= end) return undefined;
  const sorted = sortedCopy(values.subarray(0, split));
  const window = sortedCopy(values.subarray(split, end));
  const baseline = quantileOfSorted(sorted, 0.5);
  const local = medianOfRange(values, localStart(times, split, step * tuning.gapSteps, tuning.localSamples), split);
  const floor = floorOf(sorted, window, kind, tuning);
  const stale = freshest - (times[split - 1] ?? 0) > step * tuning.gapSteps;
  const doubt = uncertaintyOf(split, tuning) * (stale ? tuning.staleFactor : 1);
  const scale = Math.max(spreadOfSorted(sorted), excursionOf(sorted, baseline) / tuning.excursions, floor) * doubt;
  const [from, to] = agreedChange(window, Math.min(baseline, local), Math.max(baseline, local), tuning.agreeingSamples);
  const deviation = scale > 0 ? (to - from) / scale : 0;
  const changedAt = changeTime(samples, split, end, from, scale * tuning.changedFrom, Math.sign(deviation));
  return { from, to, deviation, changedAt, baselineSamples: split, windowSamples: end - split };
}

/** Farthest that one percent of the normal samples went from their median: what happens now and then is no news. */
function excursionOf(sorted: Float64Array, median: number): number {
  return Math.max(quantileOfSorted(sorted, 0.99) - median, median - quantileOfSorted(sorted, 0.01));
}

/** Scales estimated from few samples are too small too often: widened as a prediction interval is. */
function uncertaintyOf(samples: number, tuning: RootCauseTuning): number {
  return 1 + tuning.fewSamples / samples;
}

/** The larger excursion beyond the two normal levels that at least half of the window reaches, and not one sample alone, as [from, to]. */
function agreedChange(
  window: Float64Array,
  low: number,
  high: number,
  agreeingSamples: number,
): readonly [number, number] {
  const half = Math.max(Math.ceil(window.length / 2), Math.min(agreeingSamples, window.length));
  const up = window[window.length - half] ?? high;
  const down = window[half - 1] ?? low;
  const rise = Math.max(0, up - high);
  const fall = Math.max(0, low - down);
  if (rise === 0 && fall === 0) return [high, high];
  return rise >= fall ? [high, up] : [low, down];
}

/** A share of the whole range bounds the deviation of a constant series; unlike a share of the level it survives a shift. */
function floorOf(sorted: Float64Array, window: Float64Array, kind: MetricKind, tuning: RootCauseTuning): number {
  const low = Math.min(sorted[0] ?? 0, window[0] ?? 0);
  const high = Math.max(sorted[sorted.length - 1] ?? 0, window[window.length - 1] ?? 0);
  const range = tuning.rangeFloor * (high - low);
  if (kind !== 'success' && kind !== 'failure') return range;
  return Math.max(range, tuning.failureFloor * (high > 1 ? 100 : 1));
}

function medianOfRange(values: Float64Array, start: number, end: number): number {
  return quantileOfSorted(sortedCopy(values.subarray(start, end)), 0.5);
}

function localStart(times: Float64Array, split: number, hole: number, samples: number): number {
  const oldest = Math.max(0, split - samples);
  for (let i = split - 1; i > oldest; i--) {
    if ((times[i] ?? 0) - (times[i - 1] ?? 0) > hole) return i;
  }
  return oldest;
}

/** The window ends where the recording has a hole: what comes long after belongs to another time. */
function windowEnd(times: Float64Array, start: number, hole: number): number {
  for (let i = start + 1; i < times.length; i++) {
    if ((times[i] ?? 0) - (times[i - 1] ?? 0) > hole) return i;
  }
  return times.length;
}

/** Usual distance of neighbouring samples (median of at most the newest 64). */
function stepOf(times: Float64Array): number {
  const start = Math.max(1, times.length - 64);
  if (start >= times.length) return 1;
  const steps = new Float64Array(times.length - start);
  for (let i = start; i < times.length; i++) steps[i - start] = (times[i] ?? 0) - (times[i - 1] ?? 0);
  return quantileOfSorted(steps.sort(), 0.5);
}

/** Start of the run of deviating samples that reaches into the window, also when it began before the detection. */
function changeTime(samples: Samples, split: number, end: number, from: number, limit: number, sign: number): number {
  const { times, values } = samples;
  const deviates = (i: number): boolean => sign * ((values[i] ?? 0) - from) > limit;
  let first = split;
  while (first < end && !deviates(first)) first++;
  if (first === end) return times[split] ?? 0;
  while (first > 0 && first <= split && deviates(first - 1)) first--;
  return times[first] ?? 0;
}
