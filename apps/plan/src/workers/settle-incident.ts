import { type Outcome, outcomeQueue, Plan } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import { endPlan } from '../adapters/plan-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import { PlanStatus } from '../domain/attempt.ts';
import { outcomeOf } from '../domain/outcome-of.ts';
import { tell } from './tell.ts';

export type NotExecuted = Outcome['disposition'] & PlanStatus;

/** The statuses that are dispositions too: how a plan ends without an effect. */
export const isNotExecuted = (status: PlanStatus): status is NotExecuted =>
  status !== 'pending' && status !== 'sent' && status !== 'executed';

/** The incident went away: what was still to be approved is withdrawn, what was watched gets its final outcome. */
export async function settleResolved(tx: Tx<PlanTables>, incidentId: string, component: string): Promise<void> {
  await withdrawPending(tx, incidentId, component, {
    reason: 'the incident went away before anybody approved it',
    type: 'success',
  });
  for (const watched of await watchedPlans(tx, incidentId)) {
    const treated = await wasTreated(tx, watched, component);
    const seconds = ((Date.now() - watched.createdAt.getTime()) / 1_000).toFixed(0);
    await emitFinal(tx, watched, component, {
      type: treated ? 'unknown' : 'success',
      reason: treated
        ? `The incident went away after plan ${treated} of another incident had changed ${component}`
        : `The incident went away by itself within ${seconds} s`,
    });
  }
}

/** Takes back what waits for approval; the charter is told by the timer that watches approvals. */
export async function withdrawPending(
  tx: Tx<PlanTables>,
  incidentId: string,
  component: string,
  { reason, type }: { readonly reason: string; readonly type: 'success' | 'unknown' },
): Promise<void> {
  const rows = await tx.db
    .selectFrom('plan')
    .select('id')
    .where('incident_id', '=', incidentId)
    .where('status', '=', 'pending')
    .execute();
  for (const { id } of rows) {
    await endUnexecuted(tx, id, 'pending', { status: 'withdrawn', type, reason, component, withdrawApproval: true });
  }
}

/** Ends a plan that nothing was done for: record, outcome, timeline. @returns whether it was still open */
export async function endUnexecuted(
  tx: Tx<PlanTables>,
  id: string,
  from: 'pending' | 'sent',
  ending: {
    readonly status: NotExecuted;
    readonly type: 'success' | 'unknown';
    readonly reason: string;
    readonly component: string;
    readonly withdrawApproval?: boolean;
    /** Goes on watching whether the incident goes away by itself. */
    readonly watchUntil?: Date;
  },
): Promise<boolean> {
  const { status, type, reason, component } = ending;
  const ended = await endPlan(tx, id, from, {
    status,
    outcome: type,
    reason,
    watchUntil: ending.watchUntil ?? null,
    withdrawApproval: ending.withdrawApproval ?? false,
  });
  if (!ended) return false;
  const { plan, outcomeId, classes } = ended;
  const at = new Date().toISOString();
  await tx.enqueue(
    outcomeQueue,
    outcomeOf(plan, { id: outcomeId, component, classes, disposition: status, type, reason, at }),
    {
      incidentId: plan.incidentId,
    },
  );
  await tell(tx, plan.incidentId, 'plan-ended', `Plan ${plan.strategy} ended as ${status}: ${reason}`, {
    planId: id,
    disposition: status,
  });
  return true;
}

export interface WatchedPlan {
  readonly id: string;
  readonly plan: Plan;
  readonly status: PlanStatus;
  readonly outcomeId: string;
  readonly classes: Record<string, string>;
  readonly createdAt: Date;
}

async function watchedPlans(tx: Tx<PlanTables>, incidentId: string): Promise<WatchedPlan[]> {
  const rows = await tx.db
    .selectFrom('plan')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .where('watch_until', 'is not', null)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    plan: Plan.parse(row.body),
    status: PlanStatus.parse(row.status),
    outcomeId: row.outcome_id,
    classes: row.classes as Record<string, string>,
    createdAt: row.created_at,
  }));
}

/** The final word on a plan that did nothing; the same outcome, again. */
export async function emitFinal(
  tx: Tx<PlanTables>,
  { id, plan, status, outcomeId, classes }: WatchedPlan,
  component: string,
  { type, reason }: { readonly type: 'success' | 'ineffective' | 'unknown'; readonly reason: string },
): Promise<void> {
  const updated = await tx.db
    .updateTable('plan')
    .set({ watch_until: null, outcome_type: type, ended_at: new Date() })
    .where('id', '=', id)
    .where('watch_until', 'is not', null)
    .returning('id')
    .executeTakeFirst();
  if (!updated || !isNotExecuted(status)) return;
  const at = new Date().toISOString();
  await tx.enqueue(
    outcomeQueue,
    outcomeOf(plan, { id: outcomeId, component, classes, disposition: status, type, reason, at }),
    { incidentId: plan.incidentId },
  );
}

/** Another incident's plan that acted on the same component meanwhile: then nobody can say it went away by itself. */
async function wasTreated(tx: Tx<PlanTables>, watched: WatchedPlan, component: string): Promise<string | null> {
  const components = [...new Set([component, watched.plan.rootCause?.component ?? component])];
  const row = await tx.db
    .selectFrom('plan_target')
    .innerJoin('plan', 'plan.id', 'plan_target.plan_id')
    .select('plan.id')
    .where('plan_target.target', 'in', components)
    .where('plan.status', 'in', ['sent', 'executed'])
    .where('plan.incident_id', '!=', watched.plan.incidentId)
    .where(sql<boolean>`coalesce(plan.ended_at, now()) > ${watched.createdAt}`)
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}
