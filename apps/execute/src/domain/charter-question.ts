import type { DecisionRequest, Plan, PlannedAction, Target } from '@charter/shared/contracts';

/** What execute asks the charter before a step of a plan, `blastRadius` being the share of its group that the plan touches. */
export const questionOf = (
  plan: Plan,
  { action, target }: PlannedAction,
  { class: targetClass, group }: Target,
  blastRadius: number,
): DecisionRequest => ({
  action,
  environment: plan.environment,
  subject: 'execute',
  target,
  targetClass,
  group,
  incidentId: plan.incidentId,
  plan: {
    id: plan.id,
    hash: plan.hash,
    cost: Math.min(1, Math.max(0, plan.cost)),
    risk: plan.risk,
    confidence: plan.rootCause?.confidence ?? 0,
    blastRadius,
  },
});
