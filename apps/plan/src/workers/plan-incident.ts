import type { Analysis, Plan } from '@charter/shared/contracts';
import { isOpen, type PlanStatus, restsUntil } from '../domain/attempt.ts';
import type { ResourceChange } from '../domain/candidate.ts';
import type { Conflict } from '../domain/conflicts.ts';
import { draftPlan } from '../domain/draft-plan.ts';
import { propose, type Situation } from '../domain/propose.ts';
import { isFiring } from '../domain/restraint.ts';
import type { PlanningSettings } from '../domain/settings.ts';
import type { Brake } from '../domain/storm-brake.ts';
import type { PlanMetrics } from '../metrics.ts';
import type { Charter } from '../ports.ts';
import { type Chosen, choose } from './choose.ts';
import { type GatherDeps, gatherSituation } from './gather-situation.ts';

export interface PlannerDeps extends GatherDeps {
  readonly charter: Pick<Charter, 'decide'>;
  readonly metrics: Pick<PlanMetrics, 'scored'>;
  readonly newId: () => string;
}

export interface PlannedCourse {
  readonly kind: 'planned';
  readonly plan: Plan;
  readonly status: PlanStatus;
  /** What tells this answer from another: the same one is not recorded again while the incident goes on. */
  readonly answer: string;
  readonly reason: string;
  readonly component: string | null;
  readonly classes: Readonly<Record<string, string>>;
  readonly changes: readonly ResourceChange[];
  readonly conflicts: readonly Conflict[];
  readonly brake: Brake;
  readonly applied: ReadonlyMap<string, number>;
  /** All it was made from, to be recorded with it. */
  readonly situation: Situation;
  readonly asked: Chosen['asked'];
  readonly credit: Chosen['credit'];
}

/** What an analysis leads to. */
export type Course =
  | { readonly kind: 'merged'; readonly into: string }
  | { readonly kind: 'resolved' }
  | { readonly kind: 'in-flight'; readonly planId: string }
  | { readonly kind: 'resting'; readonly until: string }
  | PlannedCourse;

/** Decides what to do about an incident. Reads and asks, but records nothing. */
export async function planIncident(analysis: Analysis, deps: PlannerDeps): Promise<Course> {
  if (analysis.mergedInto !== null) return { kind: 'merged', into: analysis.mergedInto };
  if (!analysis.violations.some(isFiring)) return { kind: 'resolved' };
  const attempts = await deps.records.attempts(analysis.incidentId);
  const open = attempts.find(isOpen);
  if (open) return { kind: 'in-flight', planId: open.planId };
  const until = restsUntil(attempts, deps.settings);
  if (until !== null && until > deps.now().toISOString()) return { kind: 'resting', until };
  return makePlan(await gatherSituation(analysis, deps), deps);
}

/** Plans from a situation, whatever is in flight for the incident itself. */
export async function makePlan(
  situation: Situation,
  deps: Pick<PlannerDeps, 'settings' | 'metrics' | 'charter' | 'newId'>,
): Promise<PlannedCourse> {
  const { settings, metrics, charter } = deps;
  const { analysis, now } = situation;
  const started = performance.now();
  const proposal = propose(situation, settings);
  metrics.scored((performance.now() - started) / 1_000, proposal.ranked.length);
  const id = deps.newId();
  const chosen = await choose(id, proposal, situation, charter, settings);
  const expiresAt = new Date(
    Date.parse(now) + lifeSeconds(chosen.status, chosen.obligations.withinSeconds, settings) * 1_000,
  );
  const plan = draftPlan(
    { id, analysis, proposal, choice: chosen, watched: situation, now, expiresAt: expiresAt.toISOString() },
    settings,
  );
  const { candidate, status } = chosen;
  return {
    kind: 'planned',
    plan,
    status,
    answer: candidate
      ? `${status} ${plan.hash}`
      : `${status} ${proposal.restraint?.code ?? blockedCode(proposal.ranked.length)}`,
    reason: chosen.reasons[0] ?? '',
    component: candidate?.cause.component ?? plan.rootCause?.component ?? null,
    classes: candidate?.classes ?? {},
    changes: candidate?.changes ?? [],
    conflicts: proposal.conflicts,
    brake: situation.brake,
    applied: new Map([...situation.states].map(([name, { generation }]) => [name, generation])),
    situation,
    asked: chosen.asked,
    credit: chosen.credit,
  };
}

/** There are remedies, but none may be carried out now. */
export const blockedAnswer = 'null-plan blocked';

const blockedCode = (scored: number): string => (scored > 1 ? 'blocked' : 'no-strategy');

function lifeSeconds(status: PlanStatus, withinSeconds: number | undefined, settings: PlanningSettings): number {
  switch (status) {
    case 'pending':
      return Math.min(settings.approvalSeconds, withinSeconds ?? settings.approvalSeconds);
    case 'sent':
      return settings.planSeconds;
    default:
      return settings.watchSeconds;
  }
}
