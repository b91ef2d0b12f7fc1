import type { MetricKind } from './metric-kind.ts';
import { medianOf, quantileOfSorted, sortedCopy, spreadOfSorted } from './robust.ts';
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
 * Compares the window from `detectedAt` on (its median) with what was normal before. A change must differ both from
 * the long baseline and from the newest unbroken stretch before the incident, so drift and time of day do not count.
 * Without a sample since `detectedAt` the newest three samples are the window.
 */
export function measureChange(
  samples: Samples,
  detectedAt: number,
  kind: MetricKind,
  tuning: RootCauseTuning,
): Change | undefined {
  const { times, values } = samples;
  let split = firstFrom(times, detectedAt);
  if (split === times.length) split = Math.max(0, times.length - 3);
  if (split < tuning.minimumBaseline || split === times.length) return undefined;
  const sorted = sortedCopy(values.subarray(0, split));
  const window = values.subarray(split, windowEnd(times, split, tuning));
  const to = medianOf(window);
  const baseline = quantileOfSorted(sorted, 0.5);
  const scale = Math.max(spreadOfSorted(sorted), floorOf(sorted, window, kind, tuning));
  if (!(scale > 0))
    return {
      from: baseline,
      to,
      deviation: 0,
      changedAt: detectedAt,
      baselineSamples: split,
      windowSamples: window.length,
    };
  const local = medianOf(values.subarray(localStart(times, split, tuning), split));
  const fromBaseline = to - baseline;
  const fromLocal = to - local;
  const agreed = fromBaseline * fromLocal > 0 ? Math.min(Math.abs(fromBaseline), Math.abs(fromLocal)) : 0;
  const deviation = (Math.sign(fromBaseline) * agreed) / scale;
  const from = Math.abs(fromLocal) < Math.abs(fromBaseline) ? local : baseline;
  const changedAt = changeTime(samples, split, from, scale * tuning.changedFrom, Math.sign(deviation));
  return { from, to, deviation, changedAt, baselineSamples: split, windowSamples: window.length };
}

function floorOf(sorted: Float64Array, window: Float64Array, kind: MetricKind, tuning: RootCauseTuning): number {
  const median = Math.abs(quantileOfSorted(sorted, 0.5));
  let low = sorted[0] ?? 0;
  let high = sorted[sorted.length - 1] ?? 0;
  for (const v of window) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  const range = tuning.rangeFloor * (high - low);
  if (kind === 'success' || kind === 'failure') return Math.max(range, tuning.failureFloor * (high > 1 ? 100 : 1));
  return Math.max(range, tuning.relativeFloor * median);
}

function localStart(times: Float64Array, split: number, tuning: RootCauseTuning): number {
  const oldest = Math.max(0, split - tuning.localSamples);
  const step = stepOf(times);
  for (let i = split - 1; i > oldest; i--) {
    if ((times[i] ?? 0) - (times[i - 1] ?? 0) > tuning.gapSteps * step) return i;
  }
  return oldest;
}

/** The window ends where the recording has a hole: what comes long after belongs to another time. */
function windowEnd(times: Float64Array, split: number, tuning: RootCauseTuning): number {
  const step = stepOf(times);
  for (let i = split + 1; i < times.length; i++) {
    if ((times[i] ?? 0) - (times[i - 1] ?? 0) > tuning.gapSteps * step) return i;
  }
  return times.length;
}

/** Usual distance of neighbouring samples (median of at most the newest 64). */
function stepOf(times: Float64Array): number {
  const steps: number[] = [];
  for (let i = Math.max(1, times.length - 64); i < times.length; i++) steps.push((times[i] ?? 0) - (times[i - 1] ?? 0));
  return steps.length === 0 ? 1 : medianOf(steps);
}

/** Start of the run of deviating samples that reaches into the window, also when it began before the detection. */
function changeTime(samples: Samples, split: number, from: number, limit: number, sign: number): number {
  const { times, values } = samples;
  const deviates = (i: number): boolean => sign * ((values[i] ?? 0) - from) > limit;
  let first = split;
  while (first < times.length && !deviates(first)) first++;
  if (first === times.length) return times[split] ?? 0;
  while (first === split && split > 0 && deviates(split - 1)) {
    split--;
    first = split;
  }
  return times[first] ?? 0;
}
