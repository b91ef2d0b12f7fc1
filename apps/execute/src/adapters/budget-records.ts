import { sql } from 'kysely';
import { type Charge, firstExhausted } from '../domain/budget.ts';
import type { ExecuteSettings } from '../domain/settings.ts';
import { type BrakeState, stepBrake } from '../domain/storm-brake.ts';
import type { ExecuteStore, ExecuteTx } from './execution-records.ts';

export interface Debit {
  readonly executionId: string;
  readonly actionId: string;
  readonly charges: readonly Charge[];
  readonly windowSeconds: number;
}

/** Takes a step's charges from all budgets at once, or says which cannot bear it. A step is charged once. */
export async function debitBudgets(tx: ExecuteTx, debit: Debit): Promise<string | null> {
  const scopes = [...new Set(debit.charges.map(({ scope }) => scope))].sort();
  await lockBudgets(tx, scopes);
  const { rows } = await sql<{ scope: string; spent: number; is_own: boolean }>`
    select scope, sum(amount)::float as spent,
      bool_or(execution_id = ${debit.executionId} and action_id = ${debit.actionId}) as is_own
    from execute.debit
    where scope = any(${scopes}::text[]) and at > now() - make_interval(secs => ${debit.windowSeconds})
    group by scope`.execute(tx.db);
  if (rows.some(({ is_own }) => is_own)) return null;
  const exhausted = firstExhausted(debit.charges, new Map(rows.map(({ scope, spent }) => [scope, spent])));
  if (exhausted !== null) return exhausted;
  const amounts = debit.charges.map(({ amount }) => amount);
  await sql`
    insert into execute.debit (execution_id, action_id, scope, amount)
    select ${debit.executionId}, ${debit.actionId}, scope, amount
    from unnest(${debit.charges.map(({ scope }) => scope)}::text[], ${amounts}::float[]) as charge (scope, amount)
    on conflict do nothing`.execute(tx.db);
  return null;
}

/** One debit at a time on each budget, always locked in the same order. */
async function lockBudgets(tx: ExecuteTx, scopes: readonly string[]): Promise<void> {
  const lock = () =>
    sql`select scope from execute.budget where scope = any(${scopes}::text[]) order by scope for update`.execute(tx.db);
  if ((await lock()).rows.length === scopes.length) return;
  await sql`insert into execute.budget (scope) select unnest(${scopes}::text[]) on conflict do nothing`.execute(tx.db);
  await lock();
}

/** What each budget has spent within its window. */
export async function spentBudgets(
  store: ExecuteStore,
  windowSeconds: number,
): Promise<{ scope: string; spent: number }[]> {
  const { rows } = await sql<{ scope: string; spent: number }>`
    select b.scope, coalesce(sum(d.amount), 0)::float as spent
    from execute.budget b
    left join execute.debit d on d.scope = b.scope and d.at > now() - make_interval(secs => ${windowSeconds})
    group by b.scope order by b.scope`.execute(store.db);
  return rows;
}

/** Notes how much is unhealthy now; says why the storm brake holds everything, or null when it does not. */
export async function updateStormBrake(
  store: ExecuteStore,
  health: { targets: number; unhealthy: number },
  settings: ExecuteSettings['storm'],
): Promise<string | null> {
  return store.transaction(async (tx) => {
    const { rows } = await sql<{ now: number; pulled: number | null; calm: number | null }>`
      select extract(epoch from now())::float * 1000 as now, extract(epoch from pulled_at)::float * 1000 as pulled,
        extract(epoch from calm_since)::float * 1000 as calm
      from execute.storm_brake for update`.execute(tx.db);
    const row = rows[0];
    if (!row) return null;
    const before: BrakeState = { pulledAt: row.pulled, calmSince: row.calm };
    const after = stepBrake(before, health, settings, row.now);
    if (after.pulledAt !== before.pulledAt || after.calmSince !== before.calmSince) {
      await tx.db
        .updateTable('storm_brake')
        .set({ pulled_at: moment(after.pulledAt), calm_since: moment(after.calmSince) })
        .execute();
    }
    if (after.pulledAt === null) return null;
    return `${String(health.unhealthy)} of ${String(health.targets)} targets are in trouble at once: the storm brake is pulled`;
  });
}

const moment = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
