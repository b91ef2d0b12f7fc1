import { sql } from 'kysely';
import { handBack, type Run, underClaim } from '../adapters/claims.ts';
import { writeJournal } from '../adapters/execution-records.ts';
import type { Loaded } from '../adapters/load-execution.ts';
import type { ExecutionRow } from '../adapters/tables.ts';
import { type Ending, executionSeconds } from '../domain/execution.ts';
import type { ExecutionFacts } from '../domain/next-move.ts';
import type { CarryDeps } from './deps.ts';
import { endExecution } from './end-execution.ts';
import type { StepAnswer } from './take-step.ts';

/** Nothing was sent to any target so far. */
const isUntouched = ({ steps }: ExecutionFacts): boolean => steps.every(({ state }) => state === 'intended');

/** What an answer of a step means for the whole execution. */
export async function follow(deps: CarryDeps, run: Run, at: Loaded, answer: StepAnswer): Promise<boolean> {
  const { row, facts } = at;
  switch (answer.kind) {
    case 'sent':
      if (row.held_since !== null) await endHold(deps, run);
      return false;
    case 'hold':
      deps.metrics.refused(answer.gate, 'hold');
      return holdOn(deps, run, at, answer);
    case 'gone':
      deps.metrics.refused(answer.gate, 'refuse');
      if (isUntouched(facts)) {
        const type = answer.isResolved ? 'success' : 'unknown';
        return refuseAll(deps, run, at, answer.gate, { disposition: 'refused', reason: answer.reason, type });
      }
      await underClaim(deps.store, run, async (tx) => {
        await tx.db.updateTable('execution').set({ trigger_gone: true }).where('id', '=', run.executionId).execute();
        await writeJournal(tx.db, run.executionId, { kind: 'gate', text: answer.reason, data: { gate: answer.gate } });
      });
      return false;
    case 'refuse':
      deps.metrics.refused(answer.gate, 'refuse');
      if (isUntouched(facts)) {
        return refuseAll(deps, run, at, answer.gate, {
          disposition: 'refused',
          reason: answer.reason,
          escalate: answer.ask,
        });
      }
      await turnBack(deps, run, row, answer.reason, answer.gate);
      return false;
  }
}

/** From here on what was done is taken back; that gets time of its own. */
export async function turnBack(
  deps: CarryDeps,
  run: Run,
  row: ExecutionRow,
  reason: string,
  gate: string | null,
): Promise<void> {
  const seconds = executionSeconds(row.plan, deps.settings.executionSlackSeconds);
  await underClaim(deps.store, run, async (tx) => {
    await tx.db
      .updateTable('execution')
      .set({
        state: 'in_progress',
        phase: 'undoing',
        undo_reason: gate === null ? reason : `Refused by ${gate}: ${reason}`,
        deadline_at: sql<Date>`greatest(deadline_at, now() + make_interval(secs => ${seconds}))`,
      })
      .where('id', '=', run.executionId)
      .execute();
    await writeJournal(tx.db, run.executionId, {
      kind: gate === null ? 'turned-back' : 'refused',
      text: reason,
      data: { gate },
    });
  });
}

/** Nothing was changed and nothing will be. */
export async function refuseAll(
  deps: CarryDeps,
  run: Run,
  at: Loaded,
  gate: string,
  refusal: Pick<Ending, 'disposition' | 'reason'> & Partial<Pick<Ending, 'type' | 'escalate'>>,
): Promise<true> {
  await underClaim(deps.store, run, (tx) =>
    writeJournal(tx.db, run.executionId, { kind: 'refused', text: refusal.reason, data: { gate } }),
  );
  const { disposition, reason, type = 'unknown', escalate = false } = refusal;
  await endExecution(
    deps,
    run,
    at,
    { state: 'failed', type, disposition, reason: `Refused by ${gate}: ${reason}`, escalate },
    gate,
  );
  return true;
}

/** Asked again soon, and for as long as the plan is good or the gate may be out of reach; then the answer is no. */
async function holdOn(
  deps: CarryDeps,
  run: Run,
  at: Loaded,
  held: Extract<StepAnswer, { kind: 'hold' }>,
): Promise<boolean> {
  const { settings } = deps;
  const { row, facts } = at;
  const isOver = await underClaim(deps.store, run, async (tx, now) => {
    const isNew = now.held_by !== held.gate || now.held_reason !== held.reason;
    if (isNew)
      await writeJournal(tx.db, run.executionId, { kind: 'held', text: held.reason, data: { gate: held.gate } });
    const { held_since } = await tx.db
      .updateTable('execution')
      .set({ held_since: sql<Date>`coalesce(held_since, now())`, held_by: held.gate, held_reason: held.reason })
      .where('id', '=', run.executionId)
      .returning('held_since')
      .executeTakeFirstOrThrow();
    const { rows } = await sql<{ over: boolean }>`
      select now() > ${held_since}::timestamptz + make_interval(secs => ${settings.holdLimitSeconds}) as over`.execute(
      tx.db,
    );
    return rows[0]?.over === true;
  });
  const isPast = facts.isLate || (isOver && !held.isPause);
  if (isPast && isUntouched(facts))
    return refuseAll(deps, run, at, held.gate, { disposition: 'refused', reason: held.reason });
  if (isPast && row.phase !== 'undoing' && facts.steps.every(({ state }) => state !== 'started')) {
    await turnBack(deps, run, row, held.reason, held.gate);
    return false;
  }
  if (facts.isLate) {
    const reason = `${held.reason}; the deadline passed: what was changed is left to a person`;
    await endExecution(
      deps,
      run,
      at,
      { state: 'uncertain', type: 'unknown', disposition: 'executed', reason, escalate: true },
      held.gate,
    );
    return true;
  }
  await handBack(deps.store, run, settings.holdRetrySeconds);
  return true;
}

async function endHold(deps: CarryDeps, run: Run): Promise<void> {
  await underClaim(deps.store, run, async (tx) => {
    await tx.db
      .updateTable('execution')
      .set({ held_since: null, held_by: null, held_reason: null })
      .where('id', '=', run.executionId)
      .execute();
  });
}
