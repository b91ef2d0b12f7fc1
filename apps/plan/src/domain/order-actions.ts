interface Step {
  readonly id: string;
  readonly dependsOn: readonly string[];
}

/** Steps after everything they depend on, otherwise in their written order; or why that cannot be. */
export function orderActions<S extends Step>(steps: readonly S[]): { ordered: S[] } | { blockedBy: string } {
  const ids = new Set(steps.map(({ id }) => id));
  if (ids.size < steps.length) return { blockedBy: 'two of its actions have the same id' };
  const unknown = steps.flatMap(({ dependsOn }) => dependsOn).find((id) => !ids.has(id));
  if (unknown !== undefined) return { blockedBy: `it depends on an action ${unknown} that it does not have` };
  const ordered: S[] = [];
  const done = new Set<string>();
  while (ordered.length < steps.length) {
    const next = steps.find(({ id, dependsOn }) => !done.has(id) && dependsOn.every((needed) => done.has(needed)));
    if (!next) return { blockedBy: 'its actions depend on each other in a circle' };
    done.add(next.id);
    ordered.push(next);
  }
  return { ordered };
}
