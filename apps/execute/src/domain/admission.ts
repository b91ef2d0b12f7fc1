import type { Disposition, Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { orderSteps } from './step-order.ts';

export interface Refused {
  readonly gate: string;
  readonly disposition: Disposition;
  readonly reason: string;
}

/** What a plan must be before any of it may be carried out; null when it is. */
export function refusePlan(plan: Plan, environment: string, now: Date): Refused | null {
  const refuse = (gate: string, disposition: Disposition, reason: string): Refused => ({ gate, disposition, reason });
  if (plan.actions.length === 0) return refuse('plan', 'null-plan', 'The plan does nothing');
  if (plan.mode === 'observe') return refuse('mode', 'observed', 'The plan is in mode observe');
  if (plan.environment !== environment) {
    return refuse(
      'environment',
      'refused',
      `The plan is for ${plan.environment}, this executor acts in ${environment}`,
    );
  }
  switch (plan.approval) {
    case 'pending':
      return refuse('approval', 'refused', 'The plan still waits for its approval');
    case 'rejected':
      return refuse('approval', 'rejected', 'The plan was rejected');
    case 'expired':
      return refuse('approval', 'expired', 'The approval of the plan expired');
    case 'auto_approved':
      if (plan.mode === 'approve') return refuse('approval', 'refused', 'The plan needs an approval and has none');
      break;
    case 'approved':
      break;
  }
  if (new Date(plan.expiresAt) <= now) return refuse('expiry', 'expired', `The plan expired at ${plan.expiresAt}`);
  const order = orderSteps(plan.actions);
  return order.kind === 'impossible' ? refuse('plan', 'refused', order.reason) : null;
}

/** Why a step is outside what its target allows; null when it is not. A target that is not in the pack allows nothing. */
export function refuseAction(action: PlannedAction, target: Target | null): string | null {
  if (target === null) return `The active pack has no target ${action.target}`;
  if (!target.actions.includes(action.action)) return `${action.target} does not take ${action.action}`;
  const { replicas } = action.parameters;
  if (action.action !== 'SCALE_UP' && action.action !== 'SCALE_DOWN') return null;
  const { minReplicas, maxReplicas } = target.limits;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas))
    return `${action.action} needs a whole number of replicas`;
  if (replicas >= minReplicas && replicas <= maxReplicas) return null;
  return `${String(replicas)} replicas are outside the limits of ${action.target}, ${String(minReplicas)} to ${String(maxReplicas)}`;
}

/** Share of its group that a plan touches. */
export function blastRadiusOf(plan: Plan, target: Target, all: readonly Target[]): number {
  const group = all.filter(({ group: name }) => name === target.group).map(({ metadata }) => metadata.name);
  const touched = new Set(plan.actions.map((action) => action.target).filter((name) => group.includes(name)));
  return group.length === 0 ? 1 : touched.size / group.length;
}
