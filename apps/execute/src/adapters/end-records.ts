import type { Disposition } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { Ending, ExecutionState } from '../domain/execution.ts';
import { byRun, type ClaimLost, type Run } from './claims.ts';
import type { ExecuteTx } from './execution-records.ts';

export interface End {
  readonly run: Run;
  readonly ending: Ending;
  readonly disposition: Disposition;
  /** Which gate refused it, if one did. */
  readonly gate: string | null;
  /** For how long its targets stay blocked, for a person to look; null lets go of them. */
  readonly keepSeconds: number | null;
}

/**
 * Writes down how executions ended, lets go of their targets and closes their journals, in one statement.
 * @returns the state each was in, in the order asked
 */
export async function recordEnds(
  tx: ExecuteTx,
  ends: readonly End[],
): Promise<({ readonly former: ExecutionState } | ClaimLost)[]> {
  const items = ends.map(({ run, ending, disposition, gate, keepSeconds }) => ({
    id: run.executionId,
    claim: run.claim,
    state: ending.state,
    type: ending.type,
    reason: ending.reason,
    disposition,
    gate,
    keep: keepSeconds,
  }));
  const { rows } = await sql<{ id: string; former: ExecutionState }>`
    with former as materialized (
      select e.state as former, asked.* from execute.execution e
      join jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as asked (id text, claim int, state text, type text,
        reason text, disposition text, gate text, keep float) using (id, claim)
      order by e.id for update of e),
    ended as (
      update execute.execution e set state = former.state, outcome_type = former.type, reason = former.reason,
        disposition = former.disposition, requested = null, held_since = null, held_by = null, held_reason = null,
        lease_until = null, holder = null,
        finished_at = case when keep is null then clock_timestamp() end,
        deadline_at = coalesce(now() + make_interval(secs => keep), e.deadline_at),
        next_at = coalesce(now() + make_interval(secs => keep), e.next_at)
      from former where e.id = former.id returning former.*),
    leases as (
      select l.target from execute.target_lease l
      where l.holder in (select id from ended) order by l.target for update of l),
    released as (
      update execute.target_lease l set holder = case when keep is not null then l.holder end,
        expires_at = now() + make_interval(secs => keep)
      from leases, ended where l.target = leases.target and l.holder = ended.id),
    line as (
      insert into execute.journal (execution_id, kind, text, data)
      select id, 'ended', reason, jsonb_build_object('state', state, 'type', type, 'gate', gate) from ended)
    select id, former from ended`.execute(tx.db);
  return byRun(
    ends.map(({ run }) => run),
    rows,
  );
}
