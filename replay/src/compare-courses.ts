import { actionsText } from '@charter/app-plan/planner';
import type { Plan } from '@charter/shared/contracts';
import type { Course } from './decide-again.ts';

/** How a decision differs: an act more, an act less, another act, another mode of the same, or another reason for none. */
export type DifferenceKind = 'added' | 'removed' | 'other-action' | 'other-mode' | 'other-verdict' | 'other-chance';

export interface Difference {
  readonly kind: DifferenceKind;
  readonly incidentId: string;
  readonly planId: string;
  readonly at: string;
  readonly component: string;
  readonly before: string;
  readonly after: string;
  /** Why it is so now. */
  readonly reason: string;
}

/** Whether something is done, or people are asked to let it be done. */
export const acts = ({ status }: Course): boolean => status === 'sent' || status === 'pending';

/** Null when both come to the same. */
export function compareCourses(record: Plan, before: Course, after: Course): Difference | null {
  const kind = kindOf(before, after);
  if (kind === null) return null;
  return {
    kind,
    incidentId: record.incidentId,
    planId: record.id,
    at: record.createdAt,
    component: record.rootCause?.component ?? 'unknown',
    before: courseText(before),
    after: courseText(after),
    reason: after.plan?.reasons[0] ?? '',
  };
}

function kindOf(before: Course, after: Course): DifferenceKind | null {
  if (acts(before) && !acts(after)) return 'removed';
  if (!acts(before) && acts(after)) return 'added';
  if (before.plan?.hash !== after.plan?.hash || before.plan?.strategy !== after.plan?.strategy) {
    return acts(before) ? 'other-action' : 'other-verdict';
  }
  if (before.status !== after.status) return acts(before) ? 'other-mode' : 'other-verdict';
  const chance = ({ plan }: Course): number => plan?.choice?.propensity ?? 1;
  return Math.abs(chance(before) - chance(after)) > 1e-9 ? 'other-chance' : null;
}

function courseText({ status, plan }: Course): string {
  const done = plan && plan.actions.length > 0 ? `${plan.strategy}: ${actionsText(plan.actions)}` : 'nothing';
  return `${status} ${done}`;
}
