import { sql } from 'kysely';
import type { Request } from '../domain/execution.ts';
import type { Sample } from '../domain/samples.ts';
import type { Verdict } from '../domain/verification.ts';
import { byRun, type ClaimLost, type Run } from './claims.ts';
import type { ExecuteStore, ExecuteTx } from './execution-records.ts';

/** When verification began, by Postgres, in milliseconds since the epoch. */
export interface VerificationBegun {
  /** When the first sample is due: the actions' delay after the last result. */
  readonly from: number;
  readonly now: number;
}

/** Executions that have acted and only watch from now on. */
export async function recordVerifications(
  tx: ExecuteTx,
  items: readonly { readonly run: Run; readonly delaySeconds: number }[],
): Promise<(VerificationBegun | ClaimLost)[]> {
  const asked = items.map(({ run, delaySeconds }) => ({ id: run.executionId, claim: run.claim, delay: delaySeconds }));
  const { rows } = await sql<VerificationBegun & { id: string }>`
    with mine as (
      select asked.* from execute.execution e
      join jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as asked (id text, claim int, delay float)
        using (id, claim)
      order by e.id for update of e)
    update execute.execution e set phase = 'verifying', verify_from = now() + make_interval(secs => mine.delay)
    from mine where e.id = mine.id
    returning e.id, extract(epoch from verify_from)::float * 1000 as "from",
      extract(epoch from clock_timestamp())::float * 1000 as now`.execute(tx.db);
  return byRun(
    items.map(({ run }) => run),
    rows,
  );
}

export async function postgresNow(store: ExecuteStore): Promise<number> {
  const { rows } = await sql<{ now: number }>`
    select extract(epoch from clock_timestamp())::float * 1000 as now`.execute(store.db);
  return rows[0]?.now ?? 0;
}

export interface Watched {
  readonly run: Run;
  readonly samples: readonly Sample[];
  readonly verdict: Verdict | null;
}

/** Keeps what was seen so far, and what it says once it does. @returns what a person asked for meanwhile */
export async function recordSamples(
  store: ExecuteStore,
  items: readonly Watched[],
): Promise<({ readonly requested: Request | null } | ClaimLost)[]> {
  const asked = items.map(({ run, samples, verdict }) => ({
    id: run.executionId,
    claim: run.claim,
    samples,
    verdict,
    reason: verdict?.reason ?? null,
    told: verdict === null ? null : { type: verdict.type, samples: samples.length },
  }));
  const { rows } = await sql<{ id: string; requested: Request | null }>`
    with mine as materialized (
      select asked.* from execute.execution e
      join jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as asked (id text, claim int, samples jsonb,
        verdict jsonb, reason text, told jsonb) using (id, claim)
      order by e.id for update of e),
    kept as (
      update execute.execution e set samples = mine.samples,
        verdict = coalesce(nullif(mine.verdict, 'null'), e.verdict)
      from mine where e.id = mine.id returning e.id, e.requested),
    line as (
      insert into execute.journal (execution_id, kind, text, data)
      select id, 'verdict', reason, told from mine where reason is not null)
    select id, requested from kept`.execute(store.db);
  return byRun(
    items.map(({ run }) => run),
    rows,
  );
}
