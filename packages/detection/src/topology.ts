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

/** The component and everything it calls, directly or through others. */
export function reachableFrom(topology: Topology, component: string): Set<string> {
  const callees = calleesIn(topology);
  const reached = new Set([component]);
  const open = [component];
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
