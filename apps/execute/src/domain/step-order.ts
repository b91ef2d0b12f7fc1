import type { PlannedAction } from '@charter/shared/contracts';

export type StepOrder =
  | { readonly kind: 'ordered'; readonly actions: readonly PlannedAction[] }
  | { readonly kind: 'impossible'; readonly reason: string };

/** Every action after those it depends on; otherwise in the order of the plan. */
export function orderSteps(actions: readonly PlannedAction[]): StepOrder {
  const ids = new Set(actions.map(({ id }) => id));
  if (ids.size !== actions.length) return { kind: 'impossible', reason: 'Two actions of the plan share an id' };
  const missing = actions.flatMap(({ dependsOn }) => dependsOn).find((id) => !ids.has(id));
  if (missing !== undefined) return { kind: 'impossible', reason: `No action of the plan is called ${missing}` };
  const ordered: PlannedAction[] = [];
  const placed = new Set<string>();
  while (ordered.length < actions.length) {
    const next = actions.find(
      ({ id, dependsOn }) => !placed.has(id) && dependsOn.every((needed) => placed.has(needed)),
    );
    if (!next) return { kind: 'impossible', reason: 'The actions of the plan depend on each other in a circle' };
    ordered.push(next);
    placed.add(next.id);
  }
  return { kind: 'ordered', actions: ordered };
}
