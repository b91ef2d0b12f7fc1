import { outcomeQueue } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { Run } from '../adapters/claims.ts';
import type { ExecuteTx } from '../adapters/execution-records.ts';
import type { Loaded } from '../adapters/load-execution.ts';
import type { ExecutionRow } from '../adapters/tables.ts';
import { recordFailure } from '../adapters/target-records.ts';
import { type Ending, type ExecutionState, mayBecome } from '../domain/execution.ts';
import { outcomeFrom } from '../domain/outcome.ts';
import type { CarryDeps } from './deps.ts';
import { tell } from './tell.ts';

/** Ends an execution: state, outcome and story in one transaction, targets let go. */
export async function endExecution(
  deps: CarryDeps,
  run: Run,
  { row, steps }: Loaded,
  ending: Ending,
  gate: string | null = null,
): Promise<void> {
  const forward = steps.filter(({ direction }) => direction === 'forward');
  const executed = forward.some(({ state }) => state === 'done' || state === 'uncertain');
  const changed = forward.map(({ target }) => target);
  await deps.record.end({
    run,
    ending,
    disposition: executed ? 'executed' : ending.disposition,
    gate,
    keepSeconds: keepSeconds(deps, ending),
    tell: (tx, former) => tellEnd(deps, tx, { row, former, ending, gate, executed, changed }),
  });
  const seconds = row.started_at === null ? null : (Date.now() - row.started_at.getTime()) / 1_000;
  deps.metrics.ended(ending.state, seconds);
}

interface Ended {
  readonly row: ExecutionRow;
  readonly former: ExecutionState;
  readonly ending: Ending;
  readonly gate: string | null;
  readonly executed: boolean;
  readonly changed: readonly string[];
}

async function tellEnd(
  deps: CarryDeps,
  tx: ExecuteTx,
  { row, former, ending, gate, executed, changed }: Ended,
): Promise<void> {
  const { plan, id } = row;
  const rolledBack = ending.state === 'rolled_back';
  if (!mayBecome(former, ending.state))
    throw new Error(`Execution ${id} is ${former}: it cannot become ${ending.state}`);
  if (ending.type === 'degradation') {
    for (const target of changed) await recordFailure(tx, id, target, ending.reason);
  }
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

/** An uncertain execution keeps its targets blocked until a person looked. */
const keepSeconds = ({ settings }: CarryDeps, { state }: Ending): number | null =>
  state === 'uncertain' ? settings.uncertainSeconds : null;

/** Nobody needs to look at the execution before then, unless a person asks for something. */
export const restUntil = (seconds: number) => ({
  deadline_at: sql<Date>`now() + make_interval(secs => ${seconds})`,
  next_at: sql<Date>`now() + make_interval(secs => ${seconds})`,
});
