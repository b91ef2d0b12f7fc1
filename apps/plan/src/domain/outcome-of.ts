import type { Disposition, Instant, Outcome, OutcomeType, Plan } from '@charter/shared/contracts';

/** How a plan that was not carried out ended, or stands for now. */
export function outcomeOf(
  plan: Plan,
  ending: {
    readonly id: string;
    readonly component: string;
    readonly classes: Readonly<Record<string, string>>;
    readonly disposition: Disposition;
    readonly type: OutcomeType;
    readonly reason: string;
    readonly at: Instant;
  },
): Outcome {
  return {
    id: ending.id,
    incidentId: plan.incidentId,
    planId: plan.id,
    executionId: null,
    environment: plan.environment,
    component: plan.rootCause?.component ?? ending.component,
    strategy: plan.strategy,
    rootCause: plan.rootCause,
    actions: plan.actions.map(({ action, target }) => ({
      action,
      target,
      targetClass: ending.classes[target] ?? null,
    })),
    type: ending.type,
    executed: false,
    disposition: ending.disposition,
    rolledBack: false,
    reason: ending.reason.slice(0, 2_000),
    evidence: [],
    startedAt: null,
    at: ending.at,
    timeToStabilizeSeconds: null,
    propensity: plan.choice?.propensity ?? 1,
    policy: plan.policy ?? null,
  };
}
