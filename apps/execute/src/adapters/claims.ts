import { sql } from 'kysely';
import type { ExecutionState, Request } from '../domain/execution.ts';
import type { ExecuteStore, ExecuteTx } from './execution-records.ts';

/** One claim on one execution: a later claim by anyone makes it void. */
export interface Run {
  readonly executionId: string;
  readonly claim: number;
  readonly holder: string;
}

/** Someone else carries the execution out by now; this process must not touch it any more. */
export class ClaimLost extends Error {
  constructor(executionId: string) {
    super(`The claim on execution ${executionId} is void`);
    this.name = 'ClaimLost';
  }
}

/** Takes up to `count` executions that nobody carries out now. */
export async function claimExecutions(
  store: ExecuteStore,
  claimant: { holder: string; leaseSeconds: number; count: number },
): Promise<Run[]> {
  const { rows } = await sql<{ id: string; claim: number }>`
    update execute.execution set claim = claim + 1, holder = ${claimant.holder},
      lease_until = now() + make_interval(secs => ${claimant.leaseSeconds})
    where id in (
      select id from execute.execution
      where state in ('pending', 'in_progress', 'paused', 'uncertain') and next_at <= now()
        and (lease_until is null or lease_until < now())
      order by next_at limit ${claimant.count} for update skip locked)
    returning id, claim`.execute(store.db);
  return rows.map(({ id, claim }) => ({ executionId: id, claim, holder: claimant.holder }));
}

/** A sign of life for every execution of this process, and for the targets they hold. */
export function renewClaims(
  store: ExecuteStore,
  runs: readonly Run[],
  seconds: { lease: number; target: number },
): Promise<ReadonlySet<string>> {
  return store.transaction(async (tx) => {
    const mine = [...(await lockClaims(tx, runs))];
    await sql`
      update execute.execution set lease_until = now() + make_interval(secs => ${seconds.lease})
      where id = any(${mine}::text[])`.execute(tx.db);
    await sql`
      with held as (
        select target from execute.target_lease where holder = any(${mine}::text[]) order by target for update)
      update execute.target_lease l set expires_at = now() + make_interval(secs => ${seconds.target})
      from held where l.target = held.target`.execute(tx.db);
    return new Set(mine);
  });
}

/** Runs as a statement takes them. */
export const claimsOf = (runs: readonly Run[]): string =>
  JSON.stringify(runs.map(({ executionId, claim }) => ({ id: executionId, claim })));

/**
 * Locks those of the executions whose claim still stands, until the transaction ends. Executions are always locked before
 * targets and targets before budgets, each in order, so that nobody waits in a circle.
 */
export async function lockClaims(tx: ExecuteTx, runs: readonly Run[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ id: string }>`
    select e.id from execute.execution e
    join jsonb_to_recordset(${claimsOf(runs)}::jsonb) as mine (id text, claim int) using (id, claim)
    order by e.id for update of e`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}

/** What may have changed on a claimed execution since it was loaded: a person's wish, a hold. */
export interface Claimed {
  readonly state: ExecutionState;
  readonly requested: Request | null;
  readonly held_by: string | null;
  readonly held_reason: string | null;
}

/** Does work on an execution in one transaction that only the present claim may do. @throws ClaimLost */
export function underClaim<T>(
  store: ExecuteStore,
  run: Run,
  work: (tx: ExecuteTx, now: Claimed) => Promise<T>,
): Promise<T> {
  return store.transaction(async (tx) => {
    const { rows } = await sql<Claimed>`
      select state, requested, held_by, held_reason from execute.execution
      where id = ${run.executionId} and claim = ${run.claim} for update`.execute(tx.db);
    const [row] = rows;
    if (row === undefined) throw new ClaimLost(run.executionId);
    return work(tx, row);
  });
}

/** What a statement answered for each of the runs, in their order; ClaimLost for those it found no more. */
export function byRun<Row extends { readonly id: string }>(
  runs: readonly Run[],
  rows: readonly Row[],
): (Row | ClaimLost)[] {
  const found = new Map(rows.map((row) => [row.id, row]));
  return runs.map(({ executionId }) => found.get(executionId) ?? new ClaimLost(executionId));
}

/** Gives an execution back; it is taken again after `seconds`. */
export async function handBack(store: ExecuteStore, run: Run, seconds: number): Promise<void> {
  await store.db
    .updateTable('execution')
    .set({ lease_until: null, holder: null, next_at: sql<Date>`now() + make_interval(secs => ${seconds})` })
    .where('id', '=', run.executionId)
    .where('claim', '=', run.claim)
    .execute();
}
