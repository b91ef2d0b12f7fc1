import type { Plan } from '@charter/shared/contracts';
import { handBack, type Run, underClaim } from '../adapters/claims.ts';
import { writeJournal } from '../adapters/execution-records.ts';
import type { Loaded } from '../adapters/load-execution.ts';
import { spentSeconds } from '../adapters/step-records.ts';
import type { ExecutionRow, StepRecord } from '../adapters/tables.ts';
import { describeCall } from '../domain/actuation.ts';
import { type Refused, refusePlan } from '../domain/admission.ts';
import { type Move, nextMove } from '../domain/next-move.ts';
import type { CarryDeps } from './deps.ts';
import { endExecution } from './end-execution.ts';
import { follow, refuseAll, turnBack } from './follow-answer.ts';
import { askLeave } from './pass-gates.ts';
import { pauseExecution, restExecution } from './rest-execution.ts';
import { finishSending } from './send-step.ts';
import { type StepAnswer, takeStep } from './take-step.ts';
import { undoStep } from './undo-step.ts';
import { verifyExecution } from './verify-execution.ts';

export interface Control {
  /** Aborted when the claim is lost or the process drains: waits end, a step in flight does not. */
  readonly signal: AbortSignal;
}

/** Carries one execution as far as it goes now: to its end, to a hold, or to the point where it is handed back. */
export async function carryOut(deps: CarryDeps, run: Run, { signal }: Control): Promise<void> {
  await deps.checkpoint('picked-up', run.executionId);
  let plan: Plan | null = null;
  for (;;) {
    const loaded = await deps.record.load({ run, plan });
    if (loaded === null) return;
    const { row, facts } = loaded;
    plan = row.plan;
    const move = nextMove(facts);
    if (signal.aborted) return handBack(deps.store, run, 0);
    const refused = row.state === 'pending' && row.requested === null ? refusalOf(deps, row) : null;
    if (refused !== null) {
      deps.metrics.refused(refused.gate, 'refuse');
      await refuseAll(deps, run, loaded, refused.gate, refused);
      return;
    }
    if (await makeMove(deps, run, { ...loaded, move, signal })) return;
  }
}

/** What is wrong with a plan that has not begun. One that expired while a gate held it was refused by that gate. */
function refusalOf({ environment }: CarryDeps, row: ExecutionRow): Refused | null {
  const refused = refusePlan(row.plan, environment, new Date());
  if (refused?.gate !== 'expiry' || row.held_by === null) return refused;
  return { gate: row.held_by, disposition: 'refused', reason: row.held_reason ?? refused.reason };
}

/** @returns whether there is nothing more to do now */
async function makeMove(deps: CarryDeps, run: Run, at: Loaded & { move: Move; signal: AbortSignal }): Promise<boolean> {
  const { row, steps, move, signal } = at;
  switch (move.kind) {
    case 'rest':
      await restExecution(deps, run, at);
      return true;
    case 'pause':
      await pauseExecution(deps, run);
      return true;
    case 'take':
      return follow(deps, run, at, await takeStep(deps, run, at, move.actionId));
    case 'settle':
      return follow(deps, run, at, await settle(deps, run, row, steps, move.step));
    case 'turn-back':
      await turnBack(deps, run, row, move.reason, null);
      return false;
    case 'undo': {
      const forward = steps.find(({ action_id, direction }) => action_id === move.actionId && direction === 'forward');
      if (!forward) throw new Error(`No step ${move.actionId} to take back`);
      return follow(deps, run, at, await undoStep(deps, run, row, forward));
    }
    case 'verify':
      try {
        await verifyExecution(deps, run, row, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return false;
    case 'end':
      await endExecution(deps, run, at, move.ending);
      return true;
  }
}

/** A step that was sent before this process took over, or before its last answer was written down. */
async function settle(
  deps: CarryDeps,
  run: Run,
  row: ExecutionRow,
  steps: readonly StepRecord[],
  open: { actionId: string; direction: string },
): Promise<StepAnswer> {
  const step = steps.find(({ action_id, direction }) => action_id === open.actionId && direction === open.direction);
  const action = row.plan.actions.find(({ id }) => id === open.actionId);
  if (!step || !action) throw new Error(`No step ${open.actionId} to settle`);
  const target = deps.targets.find(step.target);
  if (target === null)
    return { kind: 'hold', gate: 'target', reason: `The active pack has no target ${step.target}`, isPause: false };
  const leave = await askLeave(deps, { executionId: run.executionId, group: target.group, policies: [] });
  if (leave.kind !== 'pass') return leave;
  const effector = await deps.effectors.of(target);
  const sending = { plan: row.plan, action, direction: step.direction, effector, leave };
  const started = { step, spentSeconds: await spentSeconds(deps.store.db, step) };
  await underClaim(deps.store, run, (tx) =>
    writeJournal(tx.db, run.executionId, {
      kind: 'resumed',
      actionId: action.id,
      direction: step.direction,
      text: `Taken up again: ${describeCall(step.call, step.target)}, ${effector.guarantee}`,
    }),
  );
  return finishSending(deps, run, sending, started, true);
}
