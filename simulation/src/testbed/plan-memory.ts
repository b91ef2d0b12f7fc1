import type { PlannedCourse, PlannerDeps } from '@charter/app-plan/plan-incident';
import { isOpen, isFiring as isViolationFiring, type PlanStatus } from '@charter/app-plan/planner';
import type { Analysis, OutcomeType, Plan } from '@charter/shared/contracts';
import type { Knowledge } from './knowledge.ts';
import { instantAt, secondAt } from './scraped-testbed.ts';

/** A plan as Plan's tables keep it. Times in seconds. */
export interface PlanRow extends Pick<PlannedCourse, 'component' | 'classes' | 'changes'> {
  readonly plan: Plan;
  readonly outcomeId: string;
  readonly createdAt: number;
  status: PlanStatus;
  outcome: OutcomeType | null;
  executionState: string | null;
  endedAt: number | null;
  watchUntil: number | null;
}

export interface IncidentRow {
  readonly analysis: Analysis;
  readonly heardAt: number;
  readonly openedAt: number;
  answer: string | null;
}

export interface ConflictRow {
  readonly id: string;
  readonly conflict: PlannedCourse['conflicts'][number];
  readonly until: number;
}

/** Plan's tables as maps. */
export interface PlanMemory {
  readonly plans: Map<string, PlanRow>;
  readonly incidents: Map<string, IncidentRow>;
  readonly generations: Map<string, number>;
  conflicts: ConflictRow[];
  brake: PlannedCourse['brake'];
}

export const emptyPlanMemory = (): PlanMemory => ({
  plans: new Map(),
  incidents: new Map(),
  generations: new Map(),
  conflicts: [],
  brake: { since: null, calmSince: null },
});

export const isFiring = ({ violations }: Analysis): boolean => violations.some(isViolationFiring);
export const symptomIn = ({ violations, rootCauses }: Analysis): string =>
  violations[0]?.component ?? rootCauses[0]?.component ?? 'unknown';

/** What Plan reads of its own tables when it makes a plan. */
export function recordsOf(memory: PlanMemory, knowledge: Knowledge, now: () => number): PlannerDeps['records'] {
  const rows = () => [...memory.plans.values()];
  return {
    attempts: async (incidentId) =>
      rows()
        .filter(({ plan }) => plan.incidentId === incidentId)
        .map(({ plan, component, status, executionState, outcome, endedAt }) => ({
          ...{ planId: plan.id, strategy: plan.strategy, component, status, executionState, outcome },
          endedAt: endedAt === null ? null : instantAt(endedAt).toISOString(),
        })),
    openPlans: async (exceptIncident) =>
      rows()
        .filter((row) => isOpen(row) && row.plan.incidentId !== exceptIncident)
        .map(({ plan, changes }) => ({
          ...{ planId: plan.id, incidentId: plan.incidentId, strategy: plan.strategy, changes },
          targets: [...new Set(plan.actions.map(({ target }) => target))],
        })),
    pastChanges: async (withinSeconds) =>
      rows()
        .filter(({ status, createdAt }) => ['sent', 'executed'].includes(status) && createdAt > now() - withinSeconds)
        .flatMap(({ plan, changes, createdAt }) =>
          changes.map((change) => ({
            ...{ ...change, planId: plan.id, incidentId: plan.incidentId, strategy: plan.strategy },
            at: instantAt(createdAt).toISOString(),
          })),
        ),
    freezes: async () =>
      memory.conflicts
        .filter(({ until }) => until > now())
        .map(({ id, conflict, until }) => ({
          ...{ conflictId: id, target: conflict.target, resource: conflict.resource },
          until: instantAt(until).toISOString(),
        })),
    blamed: async (_environment, staleSeconds) =>
      new Set(
        [...memory.incidents.values()]
          .filter(
            ({ analysis, heardAt }) =>
              isFiring(analysis) && analysis.mergedInto === null && heardAt > now() - staleSeconds,
          )
          .map(({ analysis }) => analysis.rootCauses[0]?.component ?? symptomIn(analysis)),
      ),
    mergedInto: async (incidentId) =>
      [...memory.incidents.values()]
        .filter(({ analysis }) => analysis.mergedInto === incidentId)
        .flatMap(({ analysis }) => analysis.violations.filter(isViolationFiring)),
    brake: async () => memory.brake,
    priors: async () => new Map(knowledge.priors()),
    saved: async () => 0,
  };
}

/** Seconds from when an incident was opened. */
export const openedAtOf = ({ violations, detectedAt }: Analysis): number =>
  Math.min(...violations.map(({ startedAt }) => secondAt(startedAt)), secondAt(detectedAt));
