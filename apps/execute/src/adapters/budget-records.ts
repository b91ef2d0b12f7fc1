import { sql } from 'kysely';
import { type Charge, charged, firstExhausted, type Ledger, spentWithin } from '../domain/budget.ts';
import type { ExecuteSettings } from '../domain/settings.ts';
import { type BrakeState, stepBrake } from '../domain/storm-brake.ts';
import type { ExecuteStore, ExecuteTx } from './execution-records.ts';

interface Locked {
  readonly scope: string;
  readonly ledger: Ledger;
  /** Seconds since the epoch, by Postgres. */
  readonly now: number;
}

/** Budgets that are locked until the transaction ends: several steps may be charged, then `write` keeps it all. */
export interface OpenBudgets {
  /** Takes a step's charges from all budgets at once, or says which cannot bear it. */
  debit(charges: readonly Charge[]): string | null;
  write(): Promise<void>;
}

export async function openBudgets(
  tx: ExecuteTx,
  scopes: readonly string[],
  windowSeconds: number,
): Promise<OpenBudgets> {
  const locked = await lockBudgets(tx, [...new Set(scopes)].sort());
  const now = locked[0]?.now ?? 0;
  const ledgers = new Map(locked.map(({ scope, ledger }) => [scope, ledger]));
  const changed = new Set<string>();
  return {
    debit(charges) {
      const spent = charges.map(
        ({ scope }) => [scope, spentWithin(ledgers.get(scope) ?? [], windowSeconds, now)] as const,
      );
      const exhausted = firstExhausted(charges, new Map(spent));
      if (exhausted !== null) return exhausted;
      for (const { scope, amount } of charges) {
        ledgers.set(scope, charged(ledgers.get(scope) ?? [], amount, windowSeconds, now));
        changed.add(scope);
      }
      return null;
    },
    async write() {
      if (changed.size === 0) return;
      const written = [...changed].map((scope) => ({ scope, ledger: ledgers.get(scope) }));
      await sql`
        update execute.budget b set ledger = written.ledger
        from jsonb_to_recordset(${JSON.stringify(written)}::jsonb) as written (scope text, ledger jsonb)
        where b.scope = written.scope`.execute(tx.db);
    },
  };
}

/** One debit at a time on each budget, always locked in the same order. */
async function lockBudgets(tx: ExecuteTx, scopes: readonly string[]): Promise<readonly Locked[]> {
  const lock = () =>
    sql<Locked>`
      select scope, ledger, extract(epoch from clock_timestamp())::float as now from execute.budget
      where scope = any(${scopes}::text[]) order by scope for update`.execute(tx.db);
  const known = await lock();
  if (known.rows.length === scopes.length) return known.rows;
  await sql`insert into execute.budget (scope) select unnest(${scopes}::text[]) on conflict do nothing`.execute(tx.db);
  return (await lock()).rows;
}

/** What each budget has spent within its window. */
export async function spentBudgets(
  store: ExecuteStore,
  windowSeconds: number,
): Promise<{ scope: string; spent: number }[]> {
  const { rows } = await sql<Locked>`
    select scope, ledger, extract(epoch from now())::float as now from execute.budget order by scope`.execute(store.db);
  return rows.map(({ scope, ledger, now }) => ({ scope, spent: spentWithin(ledger, windowSeconds, now) }));
}

/** How many targets there are, and how many of them are in trouble. */
export interface Health {
  readonly targets: number;
  readonly unhealthy: number;
}

/** Notes how much is unhealthy now; says why the storm brake holds everything, or null when it does not. */
export async function updateStormBrake(
  store: ExecuteStore,
  health: Health,
  settings: ExecuteSettings['storm'],
): Promise<string | null> {
  const seen = await readBrake(store);
  const isSame = ({ before, after }: Braking): boolean =>
    after.pulledAt === before.pulledAt && after.calmSince === before.calmSince;
  const calm = step(seen, health, settings);
  // In most moments nothing changes, and nobody waits for anybody.
  if (isSame(calm)) return heldBy(calm, health);
  return store.transaction(async (tx) => {
    const braking = step(await readBrake(tx, true), health, settings);
    if (!isSame(braking)) {
      const { pulledAt, calmSince } = braking.after;
      await tx.db
        .updateTable('storm_brake')
        .set({ pulled_at: moment(pulledAt), calm_since: moment(calmSince) })
        .execute();
    }
    return heldBy(braking, health);
  });
}

interface Braking {
  readonly before: BrakeState;
  readonly after: BrakeState;
}

const step = (
  { now, ...before }: BrakeState & { now: number },
  health: Health,
  settings: ExecuteSettings['storm'],
): Braking => ({ before, after: stepBrake(before, health, settings, now) });

const heldBy = ({ after }: Braking, { targets, unhealthy }: Health): string | null =>
  after.pulledAt === null
    ? null
    : `${String(unhealthy)} of ${String(targets)} targets are in trouble at once: the storm brake is pulled`;

/** The brake as it is, in milliseconds since the epoch; `lock` keeps others from changing it. */
async function readBrake(on: Pick<ExecuteTx, 'db'>, lock = false): Promise<BrakeState & { now: number }> {
  const { rows } = await sql<BrakeState & { now: number }>`
    select extract(epoch from now())::float * 1000 as now, extract(epoch from pulled_at)::float * 1000 as "pulledAt",
      extract(epoch from calm_since)::float * 1000 as "calmSince"
    from execute.storm_brake ${lock ? sql`for update` : sql``}`.execute(on.db);
  return rows[0] ?? { now: 0, pulledAt: null, calmSince: null };
}

const moment = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
