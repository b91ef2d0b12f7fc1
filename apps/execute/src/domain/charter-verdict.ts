import type { Approval, Decision, Plan, PlannedAction } from '@charter/shared/contracts';
import { stricterThan } from './obligations.ts';

export type CharterVerdict =
  | { readonly kind: 'allowed'; readonly policies: readonly string[]; readonly perHour: number | null }
  | { readonly kind: 'denied'; readonly reason: string }
  /** A person has to be asked again. */
  | { readonly kind: 'ask'; readonly reason: string };

export interface Standing {
  readonly plan: Pick<Plan, 'approval' | 'obligations' | 'hash'>;
  /** The charter's own record of the plan's approval; the plan's word is not enough. */
  readonly approval: Pick<Approval, 'status' | 'planHash'> | null;
  readonly action: Pick<PlannedAction, 'action' | 'target' | 'parameters'>;
  readonly blastRadius: number;
  /** The target is part of Charter or of what it runs on: only a rule that names it allows. */
  readonly isProtected: boolean;
}

/** What the newest policy says about a step that an older one let through: obligations only tighten. */
export function judgeDecision(
  decision: Decision,
  { plan, approval, action, blastRadius, isProtected }: Standing,
): CharterVerdict {
  const reason = decision.reasons.map(({ text }) => text).join('; ') || `decision ${decision.decisionId}`;
  if (decision.effect === 'deny') return { kind: 'denied', reason };
  if (decision.automation === 'observe') return { kind: 'denied', reason: `Automation is observe here: ${reason}` };
  const isApproved = plan.approval === 'approved' && approval?.status === 'approved' && approval.planHash === plan.hash;
  if (plan.approval !== 'approved' && plan.approval !== 'auto_approved') {
    return { kind: 'denied', reason: `The plan's approval is ${plan.approval}` };
  }
  if (!isApproved && (decision.effect === 'require-approval' || decision.automation === 'approve')) {
    const missing =
      plan.approval === 'approved'
        ? 'The charter has no approval of this plan and hash'
        : 'The policy in force now asks for approval';
    return { kind: 'ask', reason: `${missing}: ${reason}` };
  }
  const stricter = stricterThan(decision.obligations, plan.obligations);
  if (stricter !== null) return { kind: 'ask', reason: `Obligations are stricter than the plan's: ${stricter}` };
  // What people approved they may have tightened beyond the policy.
  const { maxReplicas, blastRadius: widest, perHour = null } = isApproved ? plan.obligations : decision.obligations;
  const { replicas } = action.parameters;
  if (maxReplicas !== undefined && typeof replicas === 'number' && replicas > maxReplicas) {
    return { kind: 'denied', reason: `${String(replicas)} replicas are above the ${String(maxReplicas)} allowed` };
  }
  if (widest !== undefined && blastRadius > widest) {
    return {
      kind: 'denied',
      reason: `The plan touches ${String(blastRadius)} of its group, ${String(widest)} is allowed`,
    };
  }
  const rules = decision.reasons.filter(({ effect, rule }) => effect !== 'deny' && rule !== null);
  if (isProtected && rules.length === 0) {
    return {
      kind: 'denied',
      reason: `${action.target} is part of Charter or of what it runs on and no policy names it`,
    };
  }
  return { kind: 'allowed', policies: [...new Set(rules.flatMap(({ policy }) => policy ?? []))].sort(), perHour };
}
