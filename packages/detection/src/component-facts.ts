import { type ChangedSeries, changedSeries, freshestByMetric, freshnessKey } from './changed-series.ts';
import { gapsByComponent } from './edge-gaps.ts';
import { eventMixChanges, isEventSeries } from './event-mix.ts';
import { explainingFirst } from './explaining-series.ts';
import type { MetricKind } from './metric-kind.ts';
import type { Series } from './series.ts';
import { calleesIn, type Topology } from './topology.ts';
import type { RootCauseTuning } from './tuning.ts';

/** What is known of one component, each part in [0, 1]. */
export interface ComponentFacts {
  readonly component: string;
  readonly metric: string;
  /** Strongest own deviation after taking away what its callees show too. */
  readonly residual: number;
  /** Latency that arises between it and its neighbours. */
  readonly gap: number;
  /** Change of error lines and calls per request. */
  readonly mix: number;
  /** All that changed, the series that explains the others first. */
  readonly changed: readonly ChangedSeries[];
}

/** Names that start with an underscore are front doors and other aggregates: symptoms, never culprits. */
const isPseudo = (component: string): boolean => component.startsWith('_');

export function componentFacts(
  series: readonly Series[],
  detectedAt: number,
  topology: Topology,
  symptomKind: MetricKind | undefined,
  tuning: RootCauseTuning,
): ComponentFacts[] {
  const real = series.filter((one) => !isPseudo(one.component));
  const plain = real.filter((one) => !isEventSeries(one));
  const freshest = freshestByMetric(plain, detectedAt);
  const changes = plain.flatMap((one) => {
    const seen = freshest.get(freshnessKey(one.metric, one.labels)) ?? detectedAt;
    return changedSeries(one, detectedAt, seen, symptomKind, tuning) ?? [];
  });
  const mixes = eventMixChanges(real, detectedAt, tuning);
  const own = byComponent(changes);
  const mixed = byComponent(mixes);
  const gaps = gapsByComponent(changes, detectedAt, tuning);
  const callees = calleesIn(topology);
  const firstMetrics = firstMetricOf(real);
  return [...firstMetrics].map(([component, firstMetric]) => {
    const strongest = sortedByStrength([...(own.get(component) ?? []), ...(mixed.get(component) ?? [])]);
    const changed = explainingFirst(strongest, tuning);
    return {
      component,
      metric: changed[0]?.series.metric ?? firstMetric,
      residual: residualOf(component, own, callees, tuning),
      gap: gaps.get(component) ?? 0,
      mix: mixResidualOf(component, mixed, callees, tuning),
      changed,
    };
  });
}

/** Components in order of appearance, each with a metric to name when nothing of it can be compared. */
function firstMetricOf(series: readonly Series[]): Map<string, string> {
  const first = new Map<string, string>();
  for (const { component, metric } of series) {
    const known = first.get(component);
    if (known === undefined || metric < known) first.set(component, metric);
  }
  return first;
}

function sortedByStrength(changed: ChangedSeries[]): ChangedSeries[] {
  return changed.sort((a, b) => b.strength - a.strength || (a.name < b.name ? -1 : 1));
}

function byComponent(changes: readonly ChangedSeries[]): Map<string, ChangedSeries[]> {
  const groups = new Map<string, ChangedSeries[]>();
  for (const one of changes) {
    const group = groups.get(one.series.component);
    if (group) group.push(one);
    else groups.set(one.series.component, [one]);
  }
  for (const group of groups.values()) sortedByStrength(group);
  return groups;
}

/** Best strength after each series gives up what the callees show of the same kind. */
function residualOf(
  component: string,
  own: ReadonlyMap<string, readonly ChangedSeries[]>,
  callees: ReadonlyMap<string, readonly string[]>,
  tuning: RootCauseTuning,
): number {
  let best = 0;
  for (const one of own.get(component) ?? []) {
    if (one.strength <= best) break;
    best = Math.max(best, one.strength * (1 - tuning.explainedWeight * explainedShare(one, own, callees)));
  }
  return best;
}

/** Share of a change that a callee shows too: in the same direction, as strong, and as large in the same unit. */
function explainedShare(
  mine: ChangedSeries,
  own: ReadonlyMap<string, readonly ChangedSeries[]>,
  callees: ReadonlyMap<string, readonly string[]>,
): number {
  if (mine.kind !== 'latency' && mine.kind !== 'success' && mine.kind !== 'failure') return 0;
  const rise = Math.abs(mine.change.to - mine.change.from);
  let share = 0;
  for (const callee of callees.get(mine.series.component) ?? []) {
    for (const theirs of own.get(callee) ?? []) {
      if (theirs.kind !== mine.kind || theirs.change.deviation * mine.change.deviation <= 0) continue;
      const bySize = Math.min(1, Math.abs(theirs.change.to - theirs.change.from) / rise);
      share = Math.max(share, Math.min(bySize, theirs.strength / mine.strength));
    }
  }
  return share;
}

/** Errors of a component whose callee has as many are passed on, not made. */
function mixResidualOf(
  component: string,
  mixed: ReadonlyMap<string, readonly ChangedSeries[]>,
  callees: ReadonlyMap<string, readonly string[]>,
  tuning: RootCauseTuning,
): number {
  const mine = mixed.get(component)?.[0]?.strength ?? 0;
  let theirs = 0;
  for (const callee of callees.get(component) ?? []) theirs = Math.max(theirs, mixed.get(callee)?.[0]?.strength ?? 0);
  return mine * (1 - (mine > 0 ? tuning.explainedWeight * Math.min(1, theirs / mine) : 0));
}
