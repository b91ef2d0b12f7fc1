import type { Outcome, Plan, Target } from '@charter/shared/contracts';
import type { Ending } from './execution.ts';
import type { Verdict } from './verification.ts';

export interface OutcomeFacts {
  readonly id: string;
  readonly executionId: string;
  readonly plan: Plan;
  readonly ending: Ending;
  /** Something was changed, even if it was taken back. */
  readonly executed: boolean;
  readonly rolledBack: boolean;
  readonly verdict: Verdict | null;
  readonly startedAt: Date | null;
  readonly targets: (name: string) => Target | null;
}

/** The one message that tells Knowledge how a plan ended. */
export function outcomeFrom(facts: OutcomeFacts, now: Date): Outcome {
  const { plan, ending, verdict, startedAt } = facts;
  const stableAtMs = verdict?.stableAtMs ?? null;
  return {
    id: facts.id,
    incidentId: plan.incidentId,
    planId: plan.id,
    executionId: facts.executionId,
    environment: plan.environment,
    component: plan.rootCause?.component ?? plan.actions[0]?.target ?? 'unknown',
    strategy: plan.strategy,
    rootCause: plan.rootCause,
    actions: plan.actions.map(({ action, target }) => ({
      action,
      target,
      targetClass: facts.targets(target)?.class ?? null,
    })),
    type: ending.type,
    executed: facts.executed,
    disposition: facts.executed ? 'executed' : ending.disposition,
    rolledBack: facts.rolledBack,
    reason: ending.reason.slice(0, 2000),
    evidence: verdict?.evidence ?? [],
    attribution: facts.executed ? (verdict?.attribution ?? null) : null,
    startedAt: startedAt?.toISOString() ?? null,
    at: now.toISOString(),
    timeToStabilizeSeconds:
      stableAtMs === null || startedAt === null ? null : Math.max(0, (stableAtMs - startedAt.getTime()) / 1_000),
    propensity: plan.choice?.propensity ?? 1,
    policy: plan.policy ?? null,
  };
}
