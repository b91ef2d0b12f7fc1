import type { Target } from '@charter/shared/contracts';

/**
 * Targets whose series can matter to an incident: everything the affected components call, directly or not, and everything
 * that calls those; all of them when nothing is known of an affected component.
 */
export function relevantTargets(targets: readonly Target[], components: ReadonlySet<string>, most: number): Target[] {
  const byName = new Map(targets.map((target) => [target.metadata.name, target]));
  const known = [...components].filter((component) => byName.has(component));
  if (known.length < components.size) return targets.slice(0, most);
  const callers = new Map<string, string[]>();
  for (const target of targets) {
    for (const callee of target.dependsOn) callers.set(callee, [...(callers.get(callee) ?? []), target.metadata.name]);
  }
  const callees = spread(known, (name) => byName.get(name)?.dependsOn ?? []);
  const near = spread([...callees], (name) => callers.get(name) ?? []);
  return targets.filter(({ metadata }) => near.has(metadata.name)).slice(0, most);
}

function spread(from: readonly string[], next: (name: string) => readonly string[]): Set<string> {
  const seen = new Set(from);
  for (const name of seen) for (const other of next(name)) seen.add(other);
  return seen;
}

/** Caller → callee edges that the pack declares. */
export function declaredTopology(targets: readonly Target[]) {
  const edges = targets.flatMap(({ metadata, dependsOn }) => dependsOn.map((to) => ({ from: metadata.name, to })));
  return edges.length === 0 ? null : { edges };
}
