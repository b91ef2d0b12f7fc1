import { type Change, measureChange } from './change.ts';
import { type MetricKind, metricKindOf } from './metric-kind.ts';
import { cleanSamples, isCounterName, ratesOfCounter, type Series, seriesName } from './series.ts';
import type { RootCauseTuning } from './tuning.ts';

/** A series with its change; `strength` in [0, 1] says how much it speaks for its component as the culprit. */
export interface ChangedSeries {
  readonly series: Series;
  readonly name: string;
  readonly kind: MetricKind;
  readonly change: Change;
  readonly strength: number;
}

/** Nodes that tracing infers from the caller's side alone show a call, not a component (X-Ray, service graphs). */
const isInferred = (component: string): boolean => /(^|[^a-z])(client|remote|external)$/i.test(component);

/** Latency of the calls a component makes: it waits for others. */
const isOutbound = (metric: string): boolean => /(^|_)(cli|client|out|outbound|egress|upstream)(_|$)/i.test(metric);

/** Measures one series; undefined when it has nothing to compare. */
export function changedSeries(
  series: Series,
  detectedAt: number,
  freshest: number,
  symptomKind: MetricKind | undefined,
  tuning: RootCauseTuning,
): ChangedSeries | undefined {
  const kind = metricKindOf(series.metric);
  const samples = cleanSamples(series.timestamps, series.values);
  const measured = isCounterName(series.metric) ? ratesOfCounter(samples) : samples;
  const change = measureChange(measured, detectedAt, kind, freshest, tuning);
  if (!change) return undefined;
  const strength = sizeOf(change.deviation, tuning) * weightOf(series, kind, change, symptomKind, tuning);
  return { series, name: seriesName(series), kind, change, strength };
}

/** Deviation on a logarithmic scale, 0 at none and 1 at the cap. */
export function sizeOf(deviation: number, tuning: RootCauseTuning): number {
  return Math.log1p(Math.min(Math.abs(deviation), tuning.deviationCap)) / Math.log1p(tuning.deviationCap);
}

/** Getting worse counts fully; traffic, improvements, inferred nodes and other kinds than the symptom's say less. */
function weightOf(
  series: Series,
  kind: MetricKind,
  change: Change,
  symptomKind: MetricKind | undefined,
  tuning: RootCauseTuning,
): number {
  const worse = kind === 'success' ? change.deviation < 0 : change.deviation > 0;
  let weight = tuning.kindWeights[kind];
  if (!worse && kind !== 'traffic' && kind !== 'other' && kind !== 'host') weight *= tuning.betterFactor;
  if (series.labels?.side === 'client') weight *= tuning.clientFactor;
  if (kind === 'latency' && isOutbound(series.metric)) weight *= tuning.outboundFactor;
  if (isInferred(series.component)) weight *= tuning.inferredFactor;
  if (symptomKind === 'success' && kind === 'latency') weight *= tuning.otherSymptomFactor;
  if (symptomKind === 'latency' && kind === 'success') weight *= tuning.otherSymptomFactor;
  return weight;
}

/** When series of each metric were last seen before `detectedAt`: those that lack such samples cannot be compared. */
export function freshestByMetric(series: readonly Series[], detectedAt: number): Map<string, number> {
  const freshest = new Map<string, number>();
  for (const { metric, labels, timestamps, values } of series) {
    const key = freshnessKey(metric, labels);
    let newest = freshest.get(key) ?? Number.NEGATIVE_INFINITY;
    for (let i = 0; i < timestamps.length; i++) {
      const time = timestamps[i] ?? Number.NaN;
      if (time < detectedAt && time > newest && Number.isFinite(values[i] ?? Number.NaN)) newest = time;
    }
    freshest.set(key, newest);
  }
  return freshest;
}

export function freshnessKey(metric: string, labels: Series['labels']): string {
  return labels?.peer === undefined ? metric : `${metric}@`;
}
