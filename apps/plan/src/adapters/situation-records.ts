import { Analysis, OutcomeType, Plan, type Violation } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import { type Attempt, PlanStatus } from '../domain/attempt.ts';
import type { LearnedPrior } from '../domain/beliefs.ts';
import type { Freeze, OpenPlan, PastChange } from '../domain/conflicts.ts';
import { isFiring } from '../domain/restraint.ts';
import { type Brake, released } from '../domain/storm-brake.ts';
import type { PlanTables } from './tables.ts';

/** What this service remembers that bears on a new plan. */
export function situationRecords(store: Store<PlanTables>) {
  const { db } = store;
  return {
    attempts: (incidentId: string): Promise<Attempt[]> => attemptsOf(store, incidentId),

    async openPlans(exceptIncident: string): Promise<OpenPlan[]> {
      const rows = await db
        .selectFrom('plan')
        .select(['id', 'incident_id', 'strategy', 'body'])
        .where('status', 'in', ['pending', 'sent'])
        .where('incident_id', '!=', exceptIncident)
        .execute();
      if (rows.length === 0) return [];
      const ids = rows.map(({ id }) => id);
      const changes = await db.selectFrom('plan_change').selectAll().where('plan_id', 'in', ids).execute();
      return rows.map(({ id, incident_id, strategy, body }) => ({
        planId: id,
        incidentId: incident_id,
        strategy,
        targets: [...new Set(Plan.parse(body).actions.map(({ target }) => target))],
        changes: changes.filter(({ plan_id }) => plan_id === id).map(changeFrom),
      }));
    },

    async pastChanges(withinSeconds: number): Promise<PastChange[]> {
      const rows = await db
        .selectFrom('plan_change')
        .innerJoin('plan', 'plan.id', 'plan_change.plan_id')
        .selectAll('plan_change')
        .select(['plan.incident_id', 'plan.strategy'])
        .where('sent_at', '>', sql<Date>`now() - make_interval(secs => ${withinSeconds})`)
        .where('plan.status', 'in', ['sent', 'executed'])
        .execute();
      return rows.map((row) => ({
        ...changeFrom(row),
        planId: row.plan_id,
        incidentId: row.incident_id,
        strategy: row.strategy,
        at: (row.sent_at ?? new Date(0)).toISOString(),
      }));
    },

    async freezes(): Promise<Freeze[]> {
      const rows = await db.selectFrom('conflict').selectAll().where('closed_at', 'is', null).execute();
      return rows.map(({ id, target, resource, frozen_until }) => ({
        conflictId: id,
        target,
        resource,
        until: frozen_until.toISOString(),
      }));
    },

    /** Components that open incidents of this environment blame; an incident nobody spoke of lately does not count. */
    async blamed(environment: string, staleSeconds: number): Promise<Set<string>> {
      const rows = await db
        .selectFrom('incident')
        .select('blamed')
        .distinct()
        .where('environment', '=', environment)
        .where('state', '=', 'open')
        .where('merged_into', 'is', null)
        .where('heard_at', '>', sql<Date>`now() - make_interval(secs => ${staleSeconds})`)
        .execute();
      return new Set(rows.map(({ blamed }) => blamed));
    },

    /** Violations that fire in incidents which became part of this one. */
    async mergedInto(incidentId: string): Promise<Violation[]> {
      const rows = await db
        .selectFrom('incident')
        .select('analysis')
        .where('merged_into', '=', incidentId)
        .where('state', '=', 'open')
        .execute();
      return rows.flatMap(({ analysis }) => Analysis.parse(analysis).violations.filter(isFiring));
    },

    async brake(environment: string): Promise<Brake> {
      const row = await db.selectFrom('brake').selectAll().where('environment', '=', environment).executeTakeFirst();
      if (!row) return released;
      return { since: row.since?.toISOString() ?? null, calmSince: row.calm_since?.toISOString() ?? null };
    },

    /** Reward that exploring may spend: what the choices of these days saved and spent. */
    async saved(environment: string, days: number): Promise<number> {
      const row = await db
        .selectFrom('choice')
        .select(sql<number>`coalesce(sum(credit), 0)::float8`.as('saved'))
        .where('environment', '=', environment)
        .where('at', '>', sql<Date>`now() - make_interval(days => ${days}::int)`)
        .executeTakeFirstOrThrow();
      return row.saved;
    },

    async priors(): Promise<Map<string, LearnedPrior>> {
      const rows = await db.selectFrom('adaptation').selectAll().where('kind', '=', 'strategy-belief').execute();
      return new Map(rows.map(({ subject, value, confidence }) => [subject, { success: value, confidence }]));
    },
  };
}
export type SituationRecords = ReturnType<typeof situationRecords>;

export async function attemptsOf(on: Pick<Tx<PlanTables>, 'db'>, incidentId: string): Promise<Attempt[]> {
  const rows = await on.db
    .selectFrom('plan')
    .select(['id', 'strategy', 'component', 'status', 'execution_state', 'outcome_type', 'ended_at'])
    .where('incident_id', '=', incidentId)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({
    planId: row.id,
    strategy: row.strategy,
    component: row.component,
    status: PlanStatus.parse(row.status),
    executionState: row.execution_state,
    outcome: OutcomeType.nullable().parse(row.outcome_type),
    endedAt: row.ended_at?.toISOString() ?? null,
  }));
}

export async function saveBrake(tx: Tx<PlanTables>, environment: string, brake: Brake): Promise<void> {
  const row = {
    since: brake.since === null ? null : new Date(brake.since),
    calm_since: brake.calmSince === null ? null : new Date(brake.calmSince),
  };
  await tx.db
    .insertInto('brake')
    .values({ environment, ...row })
    .onConflict((conflict) => conflict.column('environment').doUpdateSet(row))
    .execute();
}

function changeFrom(row: { target: string; resource: string; sign: number; value: string }) {
  const sign = row.sign > 0 ? (1 as const) : row.sign < 0 ? (-1 as const) : (0 as const);
  return { target: row.target, resource: row.resource, sign, value: row.value };
}
