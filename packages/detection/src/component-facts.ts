import { type Change, measureChange } from './change.ts';
import { type MetricKind, metricKindOf } from './metric-kind.ts';
import { cleanSamples, isCounterName, ratesOfCounter, type Series, seriesName } from './series.ts';
import { calleesIn, type Topology } from './topology.ts';
import type { RootCauseTuning } from './tuning.ts';

/** A series with its change, weighted by what its kind is worth as a sign of a culprit. */
export interface ChangedSeries {
  readonly series: Series;
  readonly name: string;
  readonly kind: MetricKind;
  readonly change: Change;
  readonly weight: number;
}

/** What is known of one component, each part in [0, 1]. */
export interface ComponentFacts {
  readonly component: string;
  readonly metric: string;
  /** Strongest own deviation, on a logarithmic scale. */
  readonly own: number;
  /** Share of its latency change that its callees account for. */
  readonly explained: number;
  /** Latency that arises between its callers' clients and itself. */
  readonly gap: number;
  readonly changed: readonly ChangedSeries[];
}

/** Names that start with an underscore are front doors and other aggregates: symptoms, never culprits. */
const isPseudo = (component: string): boolean => component.startsWith('_');

export function componentFacts(
  series: readonly Series[],
  detectedAt: number,
  topology: Topology,
  tuning: RootCauseTuning,
): ComponentFacts[] {
  const byComponent = new Map<string, ChangedSeries[]>();
  for (const one of series) {
    if (isPseudo(one.component)) continue;
    const list = byComponent.get(one.component) ?? [];
    byComponent.set(one.component, list);
    const changed = changedSeries(one, detectedAt, tuning);
    if (changed) list.push(changed);
  }
  for (const list of byComponent.values()) {
    list.sort((a, b) => strengthOf(b, tuning) - strengthOf(a, tuning) || (a.name < b.name ? -1 : 1));
  }
  const callees = calleesIn(topology);
  return [...byComponent].map(([component, changed]) => ({
    component,
    metric: changed[0]?.series.metric ?? '',
    own: changed[0] ? strengthOf(changed[0], tuning) : 0,
    explained: explainedShare(component, byComponent, callees),
    gap: edgeGap(changed, tuning),
    changed,
  }));
}

function changedSeries(series: Series, detectedAt: number, tuning: RootCauseTuning): ChangedSeries | undefined {
  const kind = metricKindOf(series.metric);
  const samples = cleanSamples(series.timestamps, series.values);
  const measured = isCounterName(series.metric) ? ratesOfCounter(samples) : samples;
  const change = measureChange(measured, detectedAt, kind, tuning);
  return change && { series, name: seriesName(series), kind, change, weight: weightOf(series, kind, change, tuning) };
}

/** Bad direction counts fully; an edge seen by its client, traffic, or an improvement says less about the component itself. */
function weightOf(series: Series, kind: MetricKind, change: Change, tuning: RootCauseTuning): number {
  const worse = kind === 'success' ? change.deviation < 0 : change.deviation > 0;
  const byKind = tuning.kindWeights[kind];
  const direction = worse || kind === 'traffic' || kind === 'other' ? 1 : tuning.betterFactor;
  return byKind * direction * (series.labels?.side === 'client' ? tuning.clientFactor : 1);
}

/** Deviation on a logarithmic scale, 0 at none and 1 at the cap. */
export function strengthOf({ change, weight }: ChangedSeries, tuning: RootCauseTuning): number {
  const size = Math.min(Math.abs(change.deviation), tuning.deviationCap);
  return (weight * Math.log1p(size)) / Math.log1p(tuning.deviationCap);
}

/** Largest share of a latency change that one callee shows too, in the same unit and metric. */
function explainedShare(
  component: string,
  byComponent: ReadonlyMap<string, readonly ChangedSeries[]>,
  callees: ReadonlyMap<string, readonly string[]>,
): number {
  const rise = latencyRise(byComponent.get(component) ?? []);
  if (rise <= 0) return 0;
  let share = 0;
  for (const callee of callees.get(component) ?? []) {
    share = Math.max(share, Math.min(1, latencyRise(byComponent.get(callee) ?? []) / rise));
  }
  return share;
}

function latencyRise(changed: readonly ChangedSeries[]): number {
  let rise = 0;
  for (const { kind, change, series } of changed) {
    if (kind === 'latency' && series.labels?.side !== 'server') rise = Math.max(rise, change.to - change.from);
  }
  return rise;
}

function edgeGap(changed: readonly ChangedSeries[], tuning: RootCauseTuning): number {
  let best = 0;
  for (const client of changed) {
    const { labels, metric } = client.series;
    if (labels?.side !== 'client' || client.change.deviation <= 0) continue;
    const server = changed.find(
      (one) =>
        one.series.metric === metric && one.series.labels?.side === 'server' && one.series.labels.peer === labels.peer,
    );
    if (!server) continue;
    const rise = client.change.to - client.change.from;
    const share = Math.max(0, 1 - Math.max(0, server.change.to - server.change.from) / rise);
    best = Math.max(best, share * strengthOf({ ...client, weight: 1 }, tuning));
  }
  return best;
}
