import { outcomeQueue } from '@charter/shared/contracts';
import { sql } from 'kysely';
import { type ExecuteTx, type Run, stepsOf, underClaim, writeJournal } from '../adapters/execution-records.ts';
import type { ExecutionRow } from '../adapters/tables.ts';
import { recordFailure, releaseTargets } from '../adapters/target-records.ts';
import { type Ending, mayBecome } from '../domain/execution.ts';
import { outcomeFrom } from '../domain/outcome.ts';
import type { ExecuteDeps } from './deps.ts';
import { tell } from './tell.ts';

/** Ends an execution: state, outcome and story in one transaction, targets let go. */
export async function endExecution(
  deps: ExecuteDeps,
  run: Run,
  ending: Ending,
  gate: string | null = null,
): Promise<void> {
  const row = await underClaim(deps.store, run, async (tx, execution) => {
    await end(deps, tx, execution, ending, gate);
    return execution;
  });
  const seconds = row.started_at === null ? null : (Date.now() - row.started_at.getTime()) / 1_000;
  deps.metrics.ended(ending.state, seconds);
}

async function end(
  deps: ExecuteDeps,
  tx: ExecuteTx,
  row: ExecutionRow,
  ending: Ending,
  gate: string | null,
): Promise<void> {
  const { plan, id } = row;
  const { settings } = deps;
  if (!mayBecome(row.state, ending.state))
    throw new Error(`Execution ${id} is ${row.state}: it cannot become ${ending.state}`);
  const steps = await stepsOf(tx.db, id);
  const forward = steps.filter(({ direction }) => direction === 'forward');
  const executed = forward.some(({ state }) => state === 'done' || state === 'uncertain');
  const rolledBack = ending.state === 'rolled_back';
  const isOpen = ending.state === 'uncertain';
  await tx.db
    .updateTable('execution')
    .set({
      state: ending.state,
      outcome_type: ending.type,
      disposition: executed ? 'executed' : ending.disposition,
      reason: ending.reason,
      requested: null,
      held_since: null,
      held_by: null,
      held_reason: null,
      lease_until: null,
      holder: null,
      finished_at: isOpen ? null : sql<Date>`clock_timestamp()`,
      ...(isOpen ? restUntil(settings.uncertainSeconds) : {}),
    })
    .where('id', '=', id)
    .execute();
  await releaseTargets(tx, id, isOpen ? settings.uncertainSeconds : null);
  if (ending.type === 'degradation') {
    for (const { target } of forward) await recordFailure(tx, id, target, ending.reason);
  }
  await writeJournal(tx.db, id, {
    kind: 'ended',
    text: ending.reason,
    data: { state: ending.state, type: ending.type, gate },
  });
  if (row.dry_run) return;
  const now = new Date();
  const outcome = outcomeFrom(
    {
      id: row.outcome_id,
      executionId: id,
      plan,
      ending,
      executed,
      rolledBack,
      verdict: row.verdict,
      startedAt: row.started_at,
      targets: (name) => deps.targets.find(name),
    },
    now,
  );
  await tx.enqueue(outcomeQueue, outcome, { incidentId: plan.incidentId });
  const data = { executionId: id, state: ending.state, outcome: ending.type, disposition: outcome.disposition, gate };
  if (rolledBack) await tell(tx, plan, { event: 'rolled-back', text: ending.reason, data });
  const event = executed ? 'verified' : 'plan-ended';
  await tell(tx, plan, {
    event,
    text: `${executed ? `Outcome ${ending.type}` : 'Not carried out'}: ${ending.reason}`,
    data,
  });
  if (ending.escalate)
    await tell(tx, plan, { event: 'escalated', text: `A person has to look: ${ending.reason}`, data });
}

/** Nobody needs to look at the execution before then, unless a person asks for something. */
export const restUntil = (seconds: number) => ({
  deadline_at: sql<Date>`now() + make_interval(secs => ${seconds})`,
  next_at: sql<Date>`now() + make_interval(secs => ${seconds})`,
});
