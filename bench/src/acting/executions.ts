import {
  type ExecuteStore,
  type ExecuteTables,
  executeMigrations,
  monotonicClock,
  recordExecution,
  startRunner,
} from '@charter/app-execute/embedding';
import type { Plan } from '@charter/shared/contracts';
import { startTestPostgres } from '@charter/stack/testing';
import { openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import pg from 'pg';
import type { BenchRow } from '../bench-row.ts';
import { plansOver } from './plans.ts';
import { worldOf } from './world.ts';

const connections = 12;
const concurrency = 128;
const targetPerSecond = 500;

export interface Amounts {
  readonly warmUp: number;
  readonly measured: number;
}

interface Rates {
  /** From the claim to the outcome. */
  readonly carriedOut: number;
  /** From the plan's arrival to the outcome. */
  readonly withArrival: number;
}

/**
 * Executions a second through the real runner and journal on a Postgres that syncs, with a target that answers at once,
 * beside a loop that only inserts rows on as many connections: claim, gates, intent, start, effect, result, three
 * samples, verdict, outcome and timeline; with the arrival of the plan and without.
 */
export async function measureExecutions(amounts: Amounts): Promise<BenchRow[]> {
  await using postgres = await startTestPostgres({ durable: true });
  const database = await createTestDatabase(postgres.url);
  const { carriedOut, withArrival } = await executionsPerSecond(database.url, amounts);
  const inserts = await insertsPerSecond(database.url);
  const row = (name: string, value: number): BenchRow => ({
    name,
    value,
    unit: '1/s',
    better: 'higher',
    reference: { name: 'bare inserts of one row each', value: inserts },
    ratio: value / inserts,
    target: `> ${String(targetPerSecond)}/s`,
  });
  return [
    row(`executions journalled, ${String(concurrency)} side by side`, carriedOut),
    row('executions journalled, their arrival too', withArrival),
  ];
}

async function executionsPerSecond(url: string, { warmUp, measured }: Amounts): Promise<Rates> {
  const store = await openStore<ExecuteTables>({
    url,
    schema: 'execute',
    migrations: executeMigrations,
    poolSize: connections,
  });
  const world = worldOf(store, concurrency);
  const nextPlan = plansOver(8 * concurrency);
  const runner = startRunner(world.deps, 'bench');
  const timed = async (count: number, work: () => Promise<void>): Promise<number> => {
    const before = world.ended();
    const begun = performance.now();
    await work();
    while (world.ended() < before + count) await monotonicClock.wait(5);
    return count / ((performance.now() - begun) / 1_000);
  };
  try {
    await timed(warmUp, () => arrive(store, nextPlan, warmUp, runner.wake, world.ended));
    const withArrival = await timed(measured, () => arrive(store, nextPlan, measured, runner.wake, world.ended));
    const release = await holdBack(store, nextPlan, measured);
    const carriedOut = await timed(measured, async () => {
      await release();
      runner.wake();
    });
    if (world.errors.length > 0) throw world.errors[0];
    await check(store, warmUp + 2 * measured, world.effects());
    return { carriedOut, withArrival };
  } finally {
    await runner.close();
    await store.close();
  }
}

/** Plans arrive on all connections, as fast as they are taken in; a target's next plan only once its last one is over. */
async function arrive(
  store: ExecuteStore,
  nextPlan: () => Plan,
  count: number,
  wake: () => void,
  ended: () => number,
): Promise<void> {
  const before = ended();
  for (let sent = 0; sent < count; ) {
    const room = Math.min(count - sent, 2 * concurrency - (sent - (ended() - before)));
    if (room <= 0) await monotonicClock.wait(5);
    else {
      await Promise.all(Array.from({ length: room }, () => record(store, nextPlan())));
      sent += room;
      wake();
    }
  }
}

/** Plans that have arrived but are not due; answers how to let all of them go, in the order of their arrival. */
async function holdBack(store: ExecuteStore, nextPlan: () => Plan, count: number): Promise<() => Promise<unknown>> {
  for (let sent = 0; sent < count; sent += connections) {
    await Promise.all(
      Array.from({ length: Math.min(connections, count - sent) }, () => record(store, nextPlan(), 3_600)),
    );
  }
  return () => sql`update execute.execution set next_at = created_at where state = 'pending'`.execute(store.db);
}

async function record(store: ExecuteStore, plan: Plan, dueSeconds = 0): Promise<void> {
  await store.transaction(async (tx) => {
    const { id } = await recordExecution(tx, plan, { deadlineAt: new Date(plan.expiresAt) });
    if (dueSeconds > 0)
      await sql`
        update execute.execution set next_at = now() + make_interval(secs => ${dueSeconds})
        where id = ${id}`.execute(tx.db);
  });
}

/** A figure counts only when every execution was verified, had one effect, and told one outcome. */
async function check(store: ExecuteStore, expected: number, effects: number): Promise<void> {
  const { rows } = await sql<{ healed: number; outcomes: number; lines: number }>`
    select (select count(*)::int from execute.execution where state = 'completed' and outcome_type = 'success') as healed,
      (select count(*)::int from transport.outbox where queue = 'outcomes') as outcomes,
      (select count(*)::int from execute.journal) as lines`.execute(store.db);
  const [seen] = rows;
  if (seen?.healed !== expected || seen.outcomes !== expected || effects !== expected || seen.lines < 5 * expected)
    throw new Error(`Of ${String(expected)} executions: ${JSON.stringify({ ...seen, effects })}`);
}

/** One row of the journal's size an insert, each its own transaction, on as many connections. */
async function insertsPerSecond(url: string): Promise<number> {
  const pool = new pg.Pool({ connectionString: url, max: connections });
  pool.on('error', () => undefined); // the server is stopped right after
  const count = 10_000;
  try {
    await pool.query(
      'create table bare (id bigint generated always as identity primary key, at timestamptz default now(), kind text, text text, data jsonb)',
    );
    const data = JSON.stringify({ target: 'web', fencingToken: 1, guarantee: 'keyed' });
    let left = count;
    const insert = async (): Promise<void> => {
      while (left-- > 0)
        await pool.query('insert into bare (kind, text, data) values ($1, $2, $3)', [
          'intent',
          'scale web to 6 replicas',
          data,
        ]);
    };
    const begun = performance.now();
    await Promise.all(Array.from({ length: connections }, insert));
    return count / ((performance.now() - begun) / 1_000);
  } finally {
    await pool.end();
  }
}
