import { measureChange } from './change.ts';
import { type ChangedSeries, sizeOf } from './changed-series.ts';
import { cleanSamples, type Samples } from './series.ts';
import type { RootCauseTuning } from './tuning.ts';

/** An edge whose client waits longer than its server works: the time is lost in between. */
interface EdgeGap {
  readonly caller: string;
  readonly callee: string;
  /** In [0, 1]. */
  readonly strength: number;
}

/**
 * Latency that arises between client and server, by the component it most likely belongs to, in [0, 1]: high for a
 * component most of whose edges have a gap, and whose edges are most of those that have one.
 */
export function gapsByComponent(
  changed: readonly ChangedSeries[],
  detectedAt: number,
  tuning: RootCauseTuning,
): Map<string, number> {
  const gaps = edgeGaps(changed, detectedAt, tuning);
  const total = gaps.reduce((sum, { strength }) => sum + strength, 0);
  const sums = new Map<string, { strength: number; edges: number }>();
  const add = (component: string, strength: number): void => {
    const known = sums.get(component) ?? { strength: 0, edges: 0 };
    sums.set(component, { strength: known.strength + strength, edges: known.edges + 1 });
  };
  for (const { caller, callee, strength } of gaps) {
    add(callee, strength);
    add(caller, strength);
  }
  const result = new Map<string, number>();
  for (const [component, { strength, edges }] of sums) {
    const coverage = total > 0 ? strength / total : 0;
    result.set(component, Math.sqrt((strength / edges) * coverage));
  }
  return result;
}

function edgeGaps(changed: readonly ChangedSeries[], detectedAt: number, tuning: RootCauseTuning): EdgeGap[] {
  const servers = new Map<string, ChangedSeries>();
  for (const one of changed) if (one.series.labels?.side === 'server') servers.set(edgeKey(one), one);
  const best = new Map<string, EdgeGap>();
  for (const client of changed) {
    const { labels, component: callee } = client.series;
    const server = labels?.side === 'client' ? servers.get(edgeKey(client)) : undefined;
    if (!server || labels?.peer === undefined) continue;
    const gap = { caller: labels.peer, callee, strength: gapStrength(client, server, detectedAt, tuning) };
    const key = JSON.stringify([gap.caller, callee]);
    if (gap.strength >= (best.get(key)?.strength ?? 0)) best.set(key, gap);
  }
  return [...best.values()].sort((a, b) => a.strength - b.strength);
}

function edgeKey({ series }: ChangedSeries): string {
  return JSON.stringify([series.component, series.metric, series.labels?.peer]);
}

/** How far the difference of the two sides went, times the share of the client's change that the server does not see. */
function gapStrength(
  client: ChangedSeries,
  server: ChangedSeries,
  detectedAt: number,
  tuning: RootCauseTuning,
): number {
  if (client.change.deviation <= 0) return 0;
  const rise = client.change.to - client.change.from;
  const seen = Math.max(0, server.change.to - server.change.from);
  const difference = measureChange(differenceOf(client, server), detectedAt, 'latency', detectedAt, tuning);
  return Math.max(0, 1 - seen / rise) * sizeOf(Math.max(0, difference?.deviation ?? 0), tuning);
}

/** Client minus server where both were sampled: what moves both sides alike cancels. */
function differenceOf(client: ChangedSeries, server: ChangedSeries): Samples {
  const theirs = cleanSamples(server.series.timestamps, server.series.values);
  const served = new Map(Array.from(theirs.times, (time, i) => [time, theirs.values[i] ?? 0]));
  const mine = cleanSamples(client.series.timestamps, client.series.values);
  const shared = Array.from(mine.times.keys()).filter((i) => served.has(mine.times[i] ?? 0));
  return {
    times: Float64Array.from(shared, (i) => mine.times[i] ?? 0),
    values: Float64Array.from(shared, (i) => (mine.values[i] ?? 0) - (served.get(mine.times[i] ?? 0) ?? 0)),
  };
}
