import { type Analysis, outcomeQueue, planQueue } from '@charter/shared/contracts';
import { newId, type Tx } from '@charter/store';
import { recordChoice } from '../adapters/choice-records.ts';
import { openConflict } from '../adapters/conflict-records.ts';
import { answerIncident, componentOf, hearIncident } from '../adapters/incident-records.ts';
import { recordPlan } from '../adapters/plan-records.ts';
import { recordSituation } from '../adapters/situation-history.ts';
import { attemptsOf, saveBrake } from '../adapters/situation-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import { isOpen } from '../domain/attempt.ts';
import { actionsText } from '../domain/explain.ts';
import { outcomeOf } from '../domain/outcome-of.ts';
import type { PlanningSettings } from '../domain/settings.ts';
import type { PlanMetrics } from '../metrics.ts';
import type { Course, PlannedCourse } from './plan-incident.ts';
import { isNotExecuted, settleResolved, withdrawPending } from './settle-incident.ts';
import { tell } from './tell.ts';

export interface RecordDeps {
  readonly settings: PlanningSettings;
  readonly metrics: Pick<PlanMetrics, 'recorded'>;
}

/** Records what an analysis leads to and hands it on, all in one transaction. @returns the recorded plan's id, if any */
export async function recordCourse(
  tx: Tx<PlanTables>,
  analysis: Analysis,
  course: Course,
  deps: RecordDeps,
): Promise<string | null> {
  const heard = await hearIncident(tx, analysis);
  if (!heard) return null;
  const { incidentId } = analysis;
  const component = componentOf(analysis);
  switch (course.kind) {
    case 'merged':
      if (!heard.newlyMerged) return null;
      await withdrawPending(tx, incidentId, component, {
        reason: `the incident is part of ${course.into}`,
        type: 'unknown',
      });
      await tx.db.updateTable('plan').set({ watch_until: null }).where('incident_id', '=', incidentId).execute();
      await tell(tx, incidentId, 'merged', `Its cause is that of incident ${course.into}; the plan is made there`, {
        mergedInto: course.into,
      });
      return null;
    case 'resolved':
      await settleResolved(tx, incidentId, component);
      await answerIncident(tx, incidentId, null);
      return null;
    case 'in-flight':
    case 'resting':
      return null;
    case 'planned':
      if ((await attemptsOf(tx, incidentId)).some(isOpen)) return null;
      await saveBrake(tx, analysis.environment, course.brake);
      await freeze(tx, course, deps.settings);
      if (heard.answer === course.answer && isNotExecuted(course.status)) return null;
      await answerIncident(tx, incidentId, course.answer);
      return record(tx, course, component, deps);
  }
}

/** Opens the conflicts a plan ran into, and takes back what still waits for approval on the other side. */
async function freeze(
  tx: Tx<PlanTables>,
  { conflicts, plan }: PlannedCourse,
  settings: PlanningSettings,
): Promise<void> {
  for (const conflict of conflicts) {
    const id = await openConflict(tx, conflict, settings.oscillationWindowSeconds);
    if (id === null) continue;
    const text = `Conflict over ${conflict.resource} of ${conflict.target}: ${conflict.reason}. Nothing changes it for ${String(settings.oscillationWindowSeconds)} s`;
    for (const incidentId of conflict.incidentIds) {
      await tell(tx, incidentId, 'planned', text, { conflictId: id, planId: plan.id });
      if (incidentId !== plan.incidentId) {
        await withdrawPending(tx, incidentId, conflict.target, { reason: conflict.reason, type: 'unknown' });
      }
    }
  }
}

async function record(
  tx: Tx<PlanTables>,
  course: PlannedCourse,
  component: string,
  { settings, metrics }: RecordDeps,
): Promise<string> {
  const { status, reason, classes } = course;
  const outcomeId = newId();
  const watchUntil = isNotExecuted(status) ? new Date(Date.now() + settings.watchSeconds * 1_000) : null;
  const plan = await recordPlan(tx, { ...course, outcomeId, watchUntil });
  await recordSituation(tx, course, settings);
  if (course.credit && status === 'sent') await recordChoice(tx, plan, course.credit);
  const { incidentId } = plan;
  const data = { planId: plan.id, strategy: plan.strategy, status, utility: plan.utility, mode: plan.mode };
  await tell(tx, incidentId, 'planned', plannedText(course), data);
  if (status === 'sent') await tx.enqueue(planQueue, plan, { incidentId });
  if (isNotExecuted(status)) {
    const at = new Date().toISOString();
    await tx.enqueue(
      outcomeQueue,
      outcomeOf(plan, { id: outcomeId, component, classes, disposition: status, type: 'unknown', reason, at }),
      { incidentId },
    );
    await tell(tx, incidentId, 'plan-ended', `${endedText(course)} Watching whether it goes away by itself`, {
      planId: plan.id,
      disposition: status,
    });
  }
  metrics.recorded(status);
  return plan.id;
}

function plannedText({ plan, status, reason }: PlannedCourse): string {
  if (plan.actions.length === 0) return `Plan: do nothing. ${reason}`;
  const worth = `worth ${plan.utility.toFixed(2)} of ${String(plan.alternatives.length)} weighed`;
  const next = {
    sent: 'carried out now',
    pending: 'waits for approval',
    observed: 'only observed',
    denied: 'denied',
  } as const;
  const what = status in next ? next[status as keyof typeof next] : status;
  return `Plan ${plan.strategy}: ${actionsText(plan.actions)}, ${worth}; ${what}`;
}

function endedText({ plan, status, reason }: PlannedCourse): string {
  switch (status) {
    case 'observed':
      return `Observe mode: ${actionsText(plan.actions)} would have been done.`;
    case 'denied':
      return `Not done, ${reason}.`;
    default:
      return 'Nothing is done.';
  }
}
