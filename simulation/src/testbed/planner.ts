import { blockedAnswer, type Course, type PlannedCourse, planIncident } from '@charter/app-plan/plan-incident';
import { actionsText, isOpen, outcomeOf, defaultSettings as settings } from '@charter/app-plan/planner';
import type { CharterClient } from '@charter/shared/charter-client';
import type { Analysis, Outcome, Plan } from '@charter/shared/contracts';
import { pack } from './demo-pack.ts';
import type { Executor } from './executor.ts';
import type { Knowledge } from './knowledge.ts';
import { emptyPlanMemory, isFiring, openedAtOf, type PlanRow, recordsOf, symptomIn } from './plan-memory.ts';
import { instantAt } from './scraped-testbed.ts';

/** Targets whose remedies are all blocked are tried again this often. */
const blockedSeconds = 2;

const planningPack = {
  rules: new Map(pack.rules.map((rule) => [rule.metadata.name, rule])),
  targets: new Map(pack.targets.map((target) => [target.metadata.name, target])),
  strategies: pack.strategies,
  windows: pack.windows,
};

export interface PlannerParts {
  readonly charter: Pick<CharterClient, 'decide'>;
  readonly executor: Executor;
  readonly knowledge: Knowledge;
  readonly newId: () => string;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly tell: (incidentId: string, text: string) => void;
}

/** Plan's service with its tables in maps. */
export interface Planner {
  hear(analysis: Analysis, second: number): Promise<void>;
  /** Follows executions, plans again where one did not heal or none was possible, and closes what was only watched. */
  goOn(second: number): Promise<void>;
  /** Every plan made so far, in order. */
  plans(): readonly PlanRow[];
  openedAt(incidentId: string): Date;
}

export function createPlanner({ charter, executor, knowledge, newId, onOutcome, tell }: PlannerParts): Planner {
  const memory = emptyPlanMemory();
  let now = 0;
  const deps = {
    ...{ charter, settings, newId, now: () => instantAt(now), metrics: { scored: () => undefined } },
    pack: { current: () => planningPack },
    teacher: {
      recommendation: async (cause: { component: string; metric: string }) => knowledge.recommendation(cause),
    },
    records: recordsOf(memory, knowledge, () => now),
    executor: {
      targetStates: async () => executor.targetStates(now),
      executionsOf: async ({ planId }: { planId: string }) =>
        executor.executionsOf(planId).map((seen) => ({ ...seen, planId, dryRun: false })),
    },
  };

  async function hear(analysis: Analysis, second: number): Promise<void> {
    now = second;
    follow(analysis.incidentId);
    record(analysis, await planIncident(analysis, deps));
  }

  async function goOn(second: number): Promise<void> {
    now = second;
    for (const incidentId of follow(null)) await replan(incidentId);
    if (second % blockedSeconds === 0) {
      for (const [id, { analysis, answer }] of memory.incidents) {
        if (isFiring(analysis) && answer === blockedAnswer) await replan(id);
      }
    }
    for (const row of memory.plans.values()) {
      if (row.watchUntil === null || row.watchUntil > second) continue;
      conclude(row, 'ineffective', 'The incident did not go away by itself');
    }
  }

  async function replan(incidentId: string): Promise<void> {
    const heard = memory.incidents.get(incidentId);
    if (!heard || now - heard.heardAt > settings.evidenceSeconds) return;
    if (heard.analysis.mergedInto !== null || !isFiring(heard.analysis)) return;
    record(heard.analysis, await planIncident(heard.analysis, deps));
  }

  /** @returns incidents whose plan was carried out and did not heal them */
  function follow(incidentId: string | null): Set<string> {
    const unhealed = new Set<string>();
    for (const row of memory.plans.values()) {
      if (row.status !== 'sent' || (incidentId !== null && row.plan.incidentId !== incidentId)) continue;
      const [seen] = executor.executionsOf(row.plan.id);
      if (!seen || !['completed', 'failed', 'rolled_back', 'cancelled'].includes(seen.state)) continue;
      row.status = seen.disposition === 'executed' ? 'executed' : 'refused';
      row.outcome = seen.outcomeType;
      row.executionState = seen.state;
      row.endedAt = now;
      if (row.status === 'executed' && row.outcome !== 'success') unhealed.add(row.plan.incidentId);
    }
    return unhealed;
  }

  function record(analysis: Analysis, course: Course): void {
    const { incidentId } = analysis;
    const known = memory.incidents.get(incidentId);
    if (known && known.analysis.revision > analysis.revision) return;
    const isNewer = !known || known.analysis.revision < analysis.revision;
    const answer = course.kind === 'resolved' ? null : (known?.answer ?? null);
    const heardAt = isNewer ? now : known.heardAt;
    memory.incidents.set(incidentId, { analysis, heardAt, openedAt: known?.openedAt ?? openedAtOf(analysis), answer });
    switch (course.kind) {
      case 'merged':
        for (const row of rowsOf(incidentId)) row.watchUntil = null;
        if (known?.analysis.mergedInto !== course.into) tell(incidentId, `Plan: made in incident ${course.into}`);
        return;
      case 'resolved':
        settle(analysis);
        return;
      case 'in-flight':
      case 'resting':
        return;
      case 'planned':
        recordPlan(analysis, course, answer);
    }
  }

  const rowsOf = (incidentId: string): PlanRow[] =>
    [...memory.plans.values()].filter(({ plan }) => plan.incidentId === incidentId);

  function recordPlan(analysis: Analysis, course: PlannedCourse, answered: string | null): void {
    const { incidentId } = analysis;
    const { status } = course;
    if (rowsOf(incidentId).some(isOpen)) return;
    memory.brake = course.brake;
    for (const conflict of course.conflicts) {
      const isOpenAlready = memory.conflicts.some(
        (one) =>
          one.until > now && one.conflict.target === conflict.target && one.conflict.resource === conflict.resource,
      );
      if (isOpenAlready) continue;
      memory.conflicts.push({ id: newId(), conflict, until: now + settings.oscillationWindowSeconds });
      tell(incidentId, `Conflict over ${conflict.resource} of ${conflict.target}: ${conflict.reason}`);
    }
    const isSent = status === 'sent';
    if (answered === course.answer && !isSent && status !== 'pending') return;
    const heard = memory.incidents.get(incidentId);
    if (heard) heard.answer = course.answer;
    for (const row of rowsOf(incidentId)) row.watchUntil = null;
    const plan = isSent ? { ...course.plan, generations: generationsFor(course) } : course.plan;
    const { component, classes, changes } = course;
    const row: PlanRow = {
      ...{ plan, status, component, classes, changes, outcomeId: newId(), createdAt: now },
      ...{ outcome: isSent ? null : 'unknown', executionState: null, endedAt: null },
      watchUntil: isSent || status === 'pending' ? null : now + settings.watchSeconds,
    };
    memory.plans.set(plan.id, row);
    tell(incidentId, plannedText(course));
    if (isSent) executor.take(plan);
    else if (status !== 'pending') onOutcome(outcomeFor(row, 'unknown', course.reason, symptomIn(analysis)));
  }

  function generationsFor({ plan, applied }: PlannedCourse): Plan['generations'] {
    const generations: Plan['generations'] = {};
    for (const target of [...new Set(plan.actions.map((action) => action.target))].sort()) {
      const generation = Math.max((memory.generations.get(target) ?? 0) + 1, (applied.get(target) ?? 0) + 1);
      memory.generations.set(target, generation);
      generations[target] = generation;
    }
    return generations;
  }

  /** The incident went away: what was only watched gets its final outcome. */
  function settle(analysis: Analysis): void {
    for (const row of rowsOf(analysis.incidentId)) {
      if (row.watchUntil === null) continue;
      const touched = new Set([symptomIn(analysis), row.plan.rootCause?.component]);
      const isTreated = [...memory.plans.values()].some(
        (other) =>
          other.plan.incidentId !== analysis.incidentId &&
          (other.status === 'sent' || other.status === 'executed') &&
          (other.endedAt ?? now) > row.createdAt &&
          other.plan.actions.some(({ target }) => touched.has(target)),
      );
      conclude(
        row,
        isTreated ? 'unknown' : 'success',
        isTreated ? 'another incident was treated' : 'it went away by itself',
      );
    }
  }

  function conclude(row: PlanRow, type: 'success' | 'ineffective' | 'unknown', reason: string): void {
    row.watchUntil = null;
    row.outcome = type;
    row.endedAt = now;
    onOutcome(outcomeFor(row, type, reason, row.plan.rootCause?.component ?? 'unknown'));
  }

  function outcomeFor(
    { plan, outcomeId, classes, status }: PlanRow,
    type: Outcome['type'],
    reason: string,
    component: string,
  ): Outcome {
    if (status === 'pending' || status === 'sent') throw new Error(`Plan ${plan.id} has not ended`);
    const at = instantAt(now).toISOString();
    return outcomeOf(plan, { id: outcomeId, component, classes, disposition: status, type, reason, at });
  }

  return {
    hear,
    goOn,
    plans: () => [...memory.plans.values()],
    openedAt: (incidentId) => instantAt(memory.incidents.get(incidentId)?.openedAt ?? now),
  };
}

function plannedText({ plan, reason, status }: PlannedCourse): string {
  if (plan.actions.length === 0) return `Plan: do nothing. ${reason}`;
  const worth = `worth ${plan.utility.toFixed(2)} of ${String(plan.alternatives.length)} weighed`;
  return `Plan ${plan.strategy}: ${actionsText(plan.actions)}, ${worth}; ${status}`;
}
