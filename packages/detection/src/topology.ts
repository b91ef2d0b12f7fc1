import type { Series } from './series.ts';

/** Call graph: each edge goes from the caller to the callee. */
export interface Topology {
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** Given edges and those that labels of series show: `peer` calls the component, `source` calls `destination`. */
export function topologyOf(series: readonly Series[], given?: Topology): Topology {
  const seen = new Map<string, { from: string; to: string }>();
  const add = (from: string, to: string): void => {
    if (from !== to) seen.set(JSON.stringify([from, to]), { from, to });
  };
  for (const { from, to } of given?.edges ?? []) add(from, to);
  for (const { component, labels } of series) {
    if (labels?.peer) add(labels.peer, component);
    if (labels?.source && labels.destination) add(labels.source, labels.destination);
  }
  return { edges: [...seen.values()] };
}

/** Callees of each caller. */
export function calleesIn(topology: Topology): Map<string, string[]> {
  const callees = new Map<string, string[]>();
  for (const { from, to } of topology.edges) {
    const list = callees.get(from);
    if (list) list.push(to);
    else callees.set(from, [to]);
  }
  return callees;
}

/**
 * What a problem noticed at `symptom` may come from: the symptom and all it calls, directly or through others. Without
 * a symptom in the call graph, every component of the graph; nothing when there is no graph.
 */
export function reachFrom(topology: Topology, symptom: string | undefined): Set<string> {
  const callees = calleesIn(topology);
  if (symptom === undefined || !callees.has(symptom))
    return new Set(topology.edges.flatMap(({ from, to }) => [from, to]));
  const reached = new Set([symptom]);
  const open = [symptom];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const callee of callees.get(next) ?? []) {
      if (!reached.has(callee)) {
        reached.add(callee);
        open.push(callee);
      }
    }
  }
  return reached;
}
