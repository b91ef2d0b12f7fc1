import type { ChangedSeries } from './changed-series.ts';
import { sizeOf } from './changed-series.ts';
import { metricKindOf } from './metric-kind.ts';
import { medianOf } from './robust.ts';
import { cleanSamples, type Series, seriesName } from './series.ts';
import type { RootCauseTuning } from './tuning.ts';

/** Counts per time: events of one kind, and the requests they belong to. */
interface Row {
  readonly time: number;
  readonly events: number;
  readonly requests: number;
}

const isBadLevel = (level: string): boolean => /err|exception|fatal|crit|panic/i.test(level);

/** Series that this module reads instead of the ordinary comparison: log lines by level and requests by caller. */
export function isEventSeries(series: Series): boolean {
  const kind = metricKindOf(series.metric);
  return (kind === 'log' && series.labels?.level !== undefined) || isEdgeCount(series);
}

function isEdgeCount(series: Series): boolean {
  return (
    series.labels?.peer !== undefined && series.labels.side === undefined && metricKindOf(series.metric) === 'traffic'
  );
}

/**
 * How the mix of events per request changed: error lines per request, and calls made per request received. A component
 * that logs errors it never logged, or stops calling its callees, is a culprit even when no latency tells.
 */
export function eventMixChanges(
  series: readonly Series[],
  detectedAt: number,
  tuning: RootCauseTuning,
): ChangedSeries[] {
  const inbound = new Map<string, Map<number, number>>();
  const outbound = new Map<string, Map<number, number>>();
  for (const one of series) {
    if (!isEdgeCount(one)) continue;
    const samples = cleanSamples(one.timestamps, one.values);
    addTo(inbound, one.component, samples);
    addTo(outbound, one.labels?.peer ?? '', samples);
  }
  const found: ChangedSeries[] = [];
  for (const one of series) {
    const level = one.labels?.level;
    if (metricKindOf(one.metric) !== 'log' || level === undefined || !isBadLevel(level)) continue;
    const samples = cleanSamples(one.timestamps, one.values);
    const lines = new Map(Array.from(samples.times, (time, i) => [time, samples.values[i] ?? 0]));
    const changed = mixChange(one, rowsOf(lines, inbound.get(one.component)), detectedAt, tuning);
    if (changed) found.push(changed);
  }
  for (const [component, calls] of outbound) {
    const received = inbound.get(component);
    if (!received) continue;
    const pseudo = { component, metric: 'calls_per_request', timestamps: [], values: [] };
    const changed = mixChange(pseudo, rowsOf(calls, received), detectedAt, tuning);
    if (changed) found.push({ ...changed, strength: changed.strength * tuning.callMixFactor });
  }
  return found;
}

function addTo(
  sums: Map<string, Map<number, number>>,
  component: string,
  samples: ReturnType<typeof cleanSamples>,
): void {
  const known = sums.get(component) ?? new Map<number, number>();
  sums.set(component, known);
  samples.times.forEach((time, i) => {
    known.set(time, (known.get(time) ?? 0) + (samples.values[i] ?? 0));
  });
}

/** Rows by time; without request counts every row counts as one request. */
function rowsOf(events: ReadonlyMap<number, number>, requests: ReadonlyMap<number, number> | undefined): Row[] {
  return [...events]
    .map(([time, count]) => ({ time, events: count, requests: requests ? (requests.get(time) ?? 0) : 1 }))
    .sort((a, b) => a.time - b.time);
}

/** Deviation from the usual events per request, in standard deviations: of the worst row, or of all rows together if larger. */
function mixChange(
  series: Series,
  rows: readonly Row[],
  detectedAt: number,
  tuning: RootCauseTuning,
): ChangedSeries | undefined {
  const step = rows.length > 1 ? medianOf(rows.slice(1).map((row, i) => row.time - (rows[i]?.time ?? 0))) : 60;
  const start = detectedAt - step * tuning.guardSteps;
  const before = rows.filter((row) => row.time < start && row.requests > 0);
  const window = rows.filter((row) => row.time >= start && (row.requests > 0 || row.events > 0));
  if (window.length === 0 || before.length < (series.labels === undefined ? tuning.callMixRows : 0)) return undefined;
  const ratios = before.map((row) => row.events / row.requests);
  const usual = ratios.length === 0 ? 0 : medianOf(ratios);
  const dispersion = dispersionOf(before, usual, tuning);
  let best = { deviation: 0, ratio: usual, time: window[0]?.time ?? detectedAt };
  let pooled = 0;
  for (const row of window) {
    const expected = Math.max(usual * row.requests, tuning.eventFloor);
    const deviation = signedDeviance(row.events, expected) / dispersion;
    pooled += deviation / Math.sqrt(window.length);
    if (Math.abs(deviation) > Math.abs(best.deviation))
      best = { deviation, ratio: row.events / Math.max(1, row.requests), time: row.time };
  }
  if (Math.abs(pooled) > Math.abs(best.deviation)) best = { ...best, deviation: pooled };
  const change = {
    from: usual,
    to: best.ratio,
    deviation: best.deviation,
    changedAt: best.time,
    baselineSamples: before.length,
    windowSamples: window.length,
  };
  const worse = best.deviation > 0 || series.labels === undefined;
  const strength = worse ? tuning.kindWeights.log * sizeOf(eventDeviation(best.deviation, tuning), tuning) : 0;
  return { series, name: `${seriesName(series)} per request`, kind: 'log', change, strength };
}

/** Counts have light tails: what is beyond chance is worth more than the same deviation of an ordinary series. */
function eventDeviation(deviation: number, tuning: RootCauseTuning): number {
  return Math.max(0, Math.abs(deviation) - tuning.eventChance) * tuning.eventGain;
}

/** Square root of the Poisson deviance, with the sign of the difference. */
function signedDeviance(events: number, expected: number): number {
  const difference = events - expected;
  const log = events > 0 ? events * Math.log(events / expected) : 0;
  return Math.sign(difference) * Math.sqrt(Math.max(0, 2 * (log - difference)));
}

/** How much more than a Poisson process the rows before vary; pulled towards the prior when there are few. */
function dispersionOf(rows: readonly Row[], usual: number, tuning: RootCauseTuning): number {
  const squares = rows.map((row) => signedDeviance(row.events, Math.max(usual * row.requests, tuning.eventFloor)) ** 2);
  const typical = squares.length === 0 ? 0 : medianOf(squares) / 0.455;
  const weight = squares.length / (squares.length + tuning.eventPriorRows);
  return Math.sqrt(Math.max(1, weight * typical + (1 - weight) * tuning.eventDispersion));
}
