import type { Plan } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { ExecutionFacts } from '../domain/next-move.ts';
import type { Run } from './claims.ts';
import type { ExecuteStore } from './execution-records.ts';
import type { ExecutionRow, StepRecord } from './tables.ts';

/** A claimed execution as the journal has it now. */
export interface Loaded {
  readonly row: ExecutionRow;
  /** In the order they were intended. */
  readonly steps: readonly StepRecord[];
  readonly facts: ExecutionFacts;
}

export interface Asked {
  readonly run: Run;
  /** The plan as it was read before; it never changes, once is enough. */
  readonly plan: Plan | null;
}

/** Reads executions with their steps in one go; null for a claim that is void. */
export async function loadExecutions(store: ExecuteStore, asked: readonly Asked[]): Promise<(Loaded | null)[]> {
  const wanted = JSON.stringify(
    asked.map(({ run, plan }) => ({ id: run.executionId, claim: run.claim, unread: plan === null })),
  );
  const { rows } = await sql<ExecutionRow & { is_late: boolean; steps: StepRecord[] }>`
    select e.id, plan_id, incident_id, outcome_id, dry_run, step_order, state, phase, requested, requested_by,
      trigger_gone, undo_reason, baseline, samples, verify_from, verdict, outcome_type, disposition, reason,
      held_since, held_by, held_reason, e.claim, holder, lease_until, next_at, deadline_at, created_at, started_at,
      finished_at, case when unread then plan end as plan, deadline_at < now() as is_late,
      coalesce((select json_agg(s order by s.intent_at) from execute.step s where s.execution_id = e.id), '[]') as steps
    from execute.execution e
    join jsonb_to_recordset(${wanted}::jsonb) as asked (id text, claim int, unread boolean)
      on asked.id = e.id and asked.claim = e.claim`.execute(store.db);
  const found = new Map(rows.map((row) => [row.id, row]));
  return asked.map(({ run, plan }) => {
    const row = found.get(run.executionId);
    return row === undefined ? null : loadedFrom(row, plan);
  });
}

function loadedFrom(
  { steps, is_late, ...columns }: ExecutionRow & { is_late: boolean; steps: StepRecord[] },
  plan: Plan | null,
): Loaded {
  const row = plan === null ? columns : { ...columns, plan };
  return { row, steps, facts: factsOf(row, steps, is_late) };
}

const factsOf = (row: ExecutionRow, steps: readonly StepRecord[], isLate: boolean): ExecutionFacts => ({
  state: row.state,
  phase: row.phase,
  requested: row.requested,
  order: row.step_order,
  steps: steps.map((step) => ({
    actionId: step.action_id,
    direction: step.direction,
    state: step.state,
    undoable: step.undo !== null,
  })),
  triggerGone: row.trigger_gone,
  verdict: row.verdict,
  undoReason: row.undo_reason,
  isLate,
});
