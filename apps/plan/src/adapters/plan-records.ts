import { CharterError, type OutcomeType, Plan } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import type { PlanStatus } from '../domain/attempt.ts';
import type { ResourceChange } from '../domain/candidate.ts';
import { rewardChoice } from './choice-records.ts';
import type { PlanTables } from './tables.ts';

export interface NewPlan {
  readonly plan: Plan;
  readonly status: PlanStatus;
  /** What tells this answer from another to the same incident. */
  readonly answer: string;
  readonly component: string | null;
  readonly classes: Readonly<Record<string, string>>;
  readonly changes: readonly ResourceChange[];
  readonly outcomeId: string;
  readonly reason: string | null;
  readonly watchUntil: Date | null;
  /** Newest generation execute has applied, by target. */
  readonly applied: ReadonlyMap<string, number>;
}

/**
 * Records a plan. One that may act takes its targets, each with the next generation.
 * Throws `overloaded` (worth another try) when a target was taken by another plan just now.
 */
export async function recordPlan(tx: Tx<PlanTables>, made: NewPlan): Promise<Plan> {
  const mayAct = made.status === 'pending' || made.status === 'sent';
  const generations = mayAct ? await allocateGenerations(tx, made) : {};
  const plan = { ...made.plan, generations };
  await tx.db
    .updateTable('plan')
    .set({ watch_until: null })
    .where('incident_id', '=', plan.incidentId)
    .where('watch_until', 'is not', null)
    .execute();
  await tx.db
    .insertInto('plan')
    .values({
      id: plan.id,
      incident_id: plan.incidentId,
      component: made.component,
      strategy: plan.strategy,
      status: made.status,
      body: JSON.stringify(plan),
      classes: JSON.stringify(made.classes),
      answer: made.answer,
      approval_id: null,
      execution_id: null,
      execution_state: null,
      outcome_id: made.outcomeId,
      outcome_type: mayAct ? null : 'unknown',
      reason: made.reason,
      expires_at: new Date(plan.expiresAt),
      watch_until: made.watchUntil,
    })
    .execute();
  if (!mayAct) return plan;
  await takeTargets(tx, plan);
  if (made.changes.length > 0) {
    const sentAt = made.status === 'sent' ? new Date() : null;
    await tx.db
      .insertInto('plan_change')
      .values(made.changes.map((change, position) => ({ plan_id: plan.id, position, ...change, sent_at: sentAt })))
      .execute();
  }
  return plan;
}

/** In sorted order, so that two plans for the same targets wait for each other instead of forever. */
async function allocateGenerations(tx: Tx<PlanTables>, { plan, applied }: NewPlan): Promise<Record<string, number>> {
  const generations: Record<string, number> = {};
  for (const target of [...new Set(plan.actions.map((action) => action.target))].sort()) {
    const least = (applied.get(target) ?? 0) + 1;
    const row = await tx.db
      .insertInto('target_generation')
      .values({ target, generation: least })
      .onConflict((conflict) =>
        conflict
          .column('target')
          .doUpdateSet({ generation: sql<number>`greatest(target_generation.generation + 1, ${least}::int)` }),
      )
      .returning('generation')
      .executeTakeFirstOrThrow();
    generations[target] = row.generation;
  }
  return generations;
}

async function takeTargets(tx: Tx<PlanTables>, plan: Plan): Promise<void> {
  const rows = Object.entries(plan.generations).map(([target, generation]) => ({
    plan_id: plan.id,
    target,
    generation,
  }));
  const taken = await tx.db
    .insertInto('plan_target')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .returning('target')
    .execute();
  if (taken.length < rows.length) {
    throw new CharterError('overloaded', 'Another plan took a target of this one just now');
  }
}

export interface EndedPlan {
  readonly plan: Plan;
  readonly outcomeId: string;
  readonly classes: Record<string, string>;
  readonly approvalId: string | null;
}

/** Ends a plan that is still in `from` and lets go of its targets; null when something else ended it before. */
export async function endPlan(
  tx: Tx<PlanTables>,
  id: string,
  from: 'pending' | 'sent',
  to: {
    readonly status: PlanStatus;
    readonly outcome: OutcomeType;
    readonly reason: string;
    readonly execution?: { readonly id: string; readonly state: string };
    readonly watchUntil?: Date | null;
    readonly withdrawApproval?: boolean;
  },
): Promise<EndedPlan | null> {
  const row = await tx.db
    .updateTable('plan')
    .set({
      status: to.status,
      outcome_type: to.outcome,
      reason: to.reason,
      ended_at: new Date(),
      watch_until: to.watchUntil ?? null,
      ...(to.execution ? { execution_id: to.execution.id, execution_state: to.execution.state } : {}),
      ...(to.withdrawApproval ? { approval_closed: sql<boolean>`approval_id is null` } : {}),
    })
    .where('id', '=', id)
    .where('status', '=', from)
    .returning(['body', 'outcome_id', 'classes', 'approval_id'])
    .executeTakeFirst();
  if (!row) return null;
  await tx.db.updateTable('plan_target').set({ open: false }).where('plan_id', '=', id).execute();
  await rewardChoice(tx, id, to.outcome);
  return {
    plan: Plan.parse(row.body),
    outcomeId: row.outcome_id,
    classes: row.classes as Record<string, string>,
    approvalId: row.approval_id,
  };
}

/** Turns a plan that waited for people into one that is handed to execute; null when something else ended it before. */
export async function releasePlan(
  tx: Tx<PlanTables>,
  id: string,
  approved: Pick<Plan, 'hash' | 'obligations'>,
  expiresAt: Date,
): Promise<Plan | null> {
  const row = await tx.db.selectFrom('plan').select('body').where('id', '=', id).executeTakeFirst();
  if (!row) return null;
  const asked = Plan.parse(row.body);
  const plan: Plan = { ...asked, ...approved, approval: 'approved', expiresAt: expiresAt.toISOString() };
  const released = await tx.db
    .updateTable('plan')
    .set({ status: 'sent', body: JSON.stringify(plan), expires_at: expiresAt })
    .where('id', '=', id)
    .where('status', '=', 'pending')
    .returning('id')
    .executeTakeFirst();
  if (!released) return null;
  await tx.db.updateTable('plan_change').set({ sent_at: new Date() }).where('plan_id', '=', id).execute();
  return plan;
}
