import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { type Charge, riskOf } from './budget.ts';
import type { ExecuteSettings } from './settings.ts';

export interface ChargedStep {
  readonly plan: Pick<Plan, 'rootCause'>;
  readonly action: PlannedAction;
  readonly target: Target;
  readonly blastRadius: number;
  readonly policies: readonly string[];
  /** How often the policies allow such a step; null when they do not say. */
  readonly perHour: number | null;
}

/** What a step costs in every budget it falls under: its target, its policies, its group, and all together. */
export function chargesOf(
  { plan, action, target, blastRadius, policies, perHour }: ChargedStep,
  { risk, actions }: ExecuteSettings['budget'],
): Charge[] {
  const amount = riskOf(action, blastRadius, plan.rootCause?.confidence ?? null);
  const counted = (scope: string, limit: number): Charge => ({ scope, amount: 1, limit, unit: 'actions' });
  const weighed = (scope: string, limit: number): Charge => ({ scope, amount, limit, unit: 'risk' });
  const ofPolicy = Math.min(actions.policy, perHour ?? Number.POSITIVE_INFINITY);
  return [
    weighed(`risk:target:${action.target}`, risk.target),
    weighed(`risk:group:${target.group}`, risk.group),
    weighed('risk:global', risk.global),
    counted(`actions:target:${action.target}`, target.limits.actionsPerHour),
    ...policies.map((policy) => counted(`actions:policy:${policy}`, ofPolicy)),
    counted(`actions:group:${target.group}`, actions.group),
    counted('actions:global', actions.global),
  ];
}
