import {
  actionProfiles,
  type Instant,
  type PlannedAction,
  type RootCause,
  type Strategy,
  type Target,
  type TargetState,
} from '@charter/shared/contracts';
import type { ResourceChange } from './candidate.ts';
import { fillParameters, type Observed, specAfter } from './fill-parameters.ts';
import { orderActions } from './order-actions.ts';
import { resourceChanges } from './resource-changes.ts';
import type { PlanningSettings } from './settings.ts';
import { sizedParameters } from './sized-parameters.ts';
import { unavailability, unmetPrecondition } from './unmet-precondition.ts';

/** How long an action may take unless its strategy says otherwise. */
const defaultTimeoutSeconds = 30;

export interface Surroundings {
  readonly targets: ReadonlyMap<string, Target>;
  readonly states: ReadonlyMap<string, TargetState>;
  readonly settings: PlanningSettings;
  readonly now: Instant;
}

export interface FilledActions {
  readonly actions: readonly PlannedAction[];
  readonly changes: readonly ResourceChange[];
  readonly notes: readonly string[];
  readonly blockedBy: string | null;
}

type Step = {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly declared: Strategy['actions'][number];
};

/** Turns a strategy's actions into concrete ones, in order; each sees what the ones before it will have changed. */
export function fillActions(strategy: Strategy, rootCause: RootCause, around: Surroundings): FilledActions {
  const steps = strategy.actions.map((declared, index) => ({
    id: declared.id ?? `step-${String(index + 1)}`,
    dependsOn: declared.dependsOn,
    declared,
  }));
  const order = orderActions(steps);
  const expected = new Map<string, Observed>();
  const actions: PlannedAction[] = [];
  const changes: ResourceChange[] = [];
  const notes: string[] = [];
  const blocked = (reason: string): FilledActions => ({ actions, changes, notes, blockedBy: reason });
  if ('blockedBy' in order) return blocked(order.blockedBy);
  for (const step of order.ordered) {
    const filled = fillStep(step, strategy, rootCause, expected, around);
    if ('blockedBy' in filled) return blocked(filled.blockedBy);
    actions.push(filled.action);
    changes.push(...filled.changes);
    notes.push(...filled.notes);
  }
  return { actions, changes, notes, blockedBy: null };
}

type FilledStep =
  | { readonly action: PlannedAction; readonly changes: ResourceChange[]; readonly notes: readonly string[] }
  | { readonly blockedBy: string };

function fillStep(
  { id, dependsOn, declared }: Step,
  strategy: Strategy,
  rootCause: RootCause,
  expected: Map<string, Observed>,
  { targets, states, settings, now }: Surroundings,
): FilledStep {
  const name = declared.target ?? rootCause.component;
  const target = targets.get(name);
  const state = states.get(name);
  const unavailable = unavailability(declared.action, target, state, now);
  if (unavailable !== null || !target || !state) return { blockedBy: unavailable ?? `there is no target ${name}` };
  const observed = expected.get(name) ?? state;
  const filled = fillParameters(declared.parameters, observed, target);
  if ('blockedBy' in filled) return { blockedBy: `${declared.action} of ${name}: ${filled.blockedBy}` };
  const sized = sizedParameters(filled.parameters, declared, { name, observed, target }, rootCause, settings);
  if ('blockedBy' in sized) return { blockedBy: `${declared.action} of ${name}: ${sized.blockedBy}` };
  const { parameters, note } = sized;
  const unmet = unmetPrecondition(declared.action, parameters, observed, target.limits);
  if (unmet !== null) return { blockedBy: `${declared.action} of ${name}: ${unmet}` };
  expected.set(name, { ...observed, spec: specAfter(observed.spec, declared.action, parameters) });
  const profile = actionProfiles[declared.action];
  return {
    action: {
      id,
      action: declared.action,
      target: name,
      parameters,
      dependsOn: [...dependsOn],
      cost: declared.cost ?? profile.cost,
      risk: declared.risk ?? profile.risk,
      reversible: profile.reversible,
      delaySeconds: declared.delay ?? strategy.expected.delay ?? 0,
      timeoutSeconds: declared.timeout ?? defaultTimeoutSeconds,
    },
    changes: resourceChanges(declared.action, name, parameters, observed),
    notes: note === null ? [] : [note],
  };
}
