/** One time series as the detectors read it. Times are seconds since the epoch, in any order; NaN means no sample. */
export interface Series {
  readonly component: string;
  readonly metric: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly timestamps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  /** Values that its owners declared to be in order, where they did; either end may be open. */
  readonly accepted?: { readonly lowest?: number; readonly highest?: number };
}

/** Samples in time order: finite, one per time. */
export interface Samples {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Sorts by time, drops samples that are not finite, and averages those that share a time. */
export function cleanSamples(timestamps: ArrayLike<number>, values: ArrayLike<number>): Samples {
  const n = Math.min(timestamps.length, values.length);
  const times = new Float64Array(n);
  const kept = new Float64Array(n);
  let m = 0;
  let ordered = true;
  for (let i = 0; i < n; i++) {
    const t = timestamps[i] ?? Number.NaN;
    const v = values[i] ?? Number.NaN;
    if (!Number.isFinite(t) || !Number.isFinite(v)) continue;
    if (m > 0 && t <= (times[m - 1] ?? 0)) ordered = false;
    times[m] = t;
    kept[m++] = v;
  }
  if (ordered) return { times: times.subarray(0, m), values: kept.subarray(0, m) };
  return merged(times.subarray(0, m), kept.subarray(0, m));
}

function merged(times: Float64Array, values: Float64Array): Samples {
  const order = Uint32Array.from(times, (_, i) => i).sort(
    (a, b) => (times[a] ?? 0) - (times[b] ?? 0) || (values[a] ?? 0) - (values[b] ?? 0),
  );
  const outTimes = new Float64Array(times.length);
  const outValues = new Float64Array(times.length);
  let m = 0;
  for (let i = 0; i < order.length; ) {
    const t = times[order[i] ?? 0] ?? 0;
    let sum = 0;
    let count = 0;
    for (; i < order.length && times[order[i] ?? 0] === t; i++) {
      sum += values[order[i] ?? 0] ?? 0;
      count++;
    }
    outTimes[m] = t;
    outValues[m++] = sum / count;
  }
  return { times: outTimes.subarray(0, m), values: outValues.subarray(0, m) };
}

const COUNTER_NAME = /_(total|count|sum|bucket)$/;

/** True for the names Prometheus gives to ever-growing counters. */
export function isCounterName(metric: string): boolean {
  return COUNTER_NAME.test(metric);
}

/** Rate per second of a growing counter; a reset starts again from the new value, as PromQL's rate() does. */
export function ratesOfCounter(samples: Samples): Samples {
  const n = Math.max(0, samples.times.length - 1);
  const times = new Float64Array(n);
  const values = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const before = samples.values[i] ?? 0;
    const now = samples.values[i + 1] ?? 0;
    const elapsed = (samples.times[i + 1] ?? 0) - (samples.times[i] ?? 0);
    times[i] = samples.times[i + 1] ?? 0;
    values[i] = (now >= before ? now - before : now) / elapsed;
  }
  return { times, values };
}

/** Stable name of a series: component, metric and its labels in alphabetical order. */
export function seriesName(series: Pick<Series, 'component' | 'metric' | 'labels'>): string {
  const labels = Object.entries(series.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const inside = labels.map(([key, value]) => `${key}="${value}"`).join(',');
  return inside === '' ? `${series.component}#${series.metric}` : `${series.component}#${series.metric}{${inside}}`;
}

const EDGE_METRIC = /^(.+)_(client|server)@(.+)$/;

/** Recordings that write an edge as `latency_client@caller` get the labels `peer` and `side` that live series carry. */
export function withEdgeLabels(series: Series): Series {
  const edge = series.labels?.peer === undefined ? EDGE_METRIC.exec(series.metric) : null;
  if (!edge) return series;
  const [, metric = series.metric, side = '', peer = ''] = edge;
  return { ...series, metric, labels: { ...series.labels, side, peer } };
}
