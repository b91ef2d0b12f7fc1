import type { Plan, PlannedAction } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import { type Run, underClaim } from '../adapters/claims.ts';
import type { ExecuteTx } from '../adapters/execution-records.ts';
import { recordNotSent, type Started } from '../adapters/step-records.ts';
import type { StepRecord } from '../adapters/tables.ts';
import { recordFailure } from '../adapters/target-records.ts';
import { describeCall } from '../domain/actuation.ts';
import type { Direction } from '../domain/execution.ts';
import type { Spec } from '../domain/spec.ts';
import type { Effector } from '../ports.ts';
import { type Delivered, deliver } from './deliver.ts';
import type { CarryDeps } from './deps.ts';
import type { Leave } from './pass-gates.ts';
import { tell } from './tell.ts';

/** The step is in the journal with its result; `hold`: it was not sent, because the leave ran out. */
export type Sent =
  | { readonly kind: 'sent' }
  | { readonly kind: 'hold'; readonly gate: string; readonly reason: string; readonly isPause: boolean };

export interface Sending {
  readonly plan: Plan;
  readonly action: PlannedAction;
  readonly direction: Direction;
  readonly effector: Effector;
  readonly leave: Leave;
}

/** Sends a step whose intent is journalled, and journals what came of it. */
export async function sendStep(deps: CarryDeps, run: Run, sending: Sending): Promise<Sent> {
  if (deps.clock.now() >= sending.leave.until) return expired;
  const { action, direction } = sending;
  const started = await deps.record.start({ run, actionId: action.id, direction });
  await deps.checkpoint('start-journalled', run.executionId);
  return finishSending(deps, run, sending, started, false);
}

const expired: Sent = {
  kind: 'hold',
  gate: 'permit',
  reason: 'The permit ran out, or this host was paused, before the step was through',
  isPause: false,
};

/** A step that is taken up late still gets the time of one attempt. */
const shortestMs = 1_000;

/** Delivers a started step, the first time or again after a crash, and journals its result. */
export async function finishSending(
  deps: CarryDeps,
  run: Run,
  sending: Sending,
  { step, spentSeconds }: Started,
  resumed: boolean,
): Promise<Sent> {
  const { plan, action, direction, effector } = sending;
  const startedAt = deps.clock.now();
  const delivered = await deliver(
    effector,
    {
      guarantee: step.guarantee,
      markBefore: step.before_mark,
      call: step.call,
      purpose: { incidentId: plan.incidentId, text: purposeOf(plan) },
      idempotencyKey: step.idempotency_key,
      fencingToken: Number(step.fencing_token),
      timeoutMs: Math.max(shortestMs, (action.timeoutSeconds - spentSeconds) * 1_000),
      sendUntil: sending.leave.until,
      isStopped: () => deps.localPause.isPaused(),
      resumed,
    },
    deps.clock,
  );
  await deps.checkpoint('effect-done', run.executionId);
  if (delivered.kind === 'again') {
    const key = { actionId: action.id, direction };
    if (!delivered.mayHaveHappened) await underClaim(deps.store, run, (tx) => recordNotSent(tx, run.executionId, key));
    return expired;
  }
  const after = delivered.kind === 'done' ? await readAfter(effector) : null;
  const { kind: state } = delivered;
  const detail = delivered.kind === 'done' ? delivered.detail : delivered.reason;
  await deps.record.result({
    run,
    actionId: action.id,
    direction,
    target: action.target,
    state,
    after,
    detail,
    tell: (tx) => tellResult(tx, run, sending, step, delivered, detail),
  });
  deps.metrics.step(action.action, direction, delivered.kind, (deps.clock.now() - startedAt) / 1_000);
  await deps.checkpoint('result-journalled', run.executionId);
  return { kind: 'sent' };
}

const purposeOf = ({ strategy, rootCause }: Plan): string =>
  rootCause === null ? strategy : `${strategy} against ${rootCause.metric} of ${rootCause.component}`;

async function tellResult(
  tx: ExecuteTx,
  { executionId }: Run,
  { plan, action, direction }: Sending,
  step: StepRecord,
  delivered: Exclude<Delivered, { kind: 'again' }>,
  detail: string,
): Promise<void> {
  const { target } = action;
  const isWrong = delivered.kind === 'done' && !delivered.shown;
  if (delivered.kind !== 'done' || isWrong) await recordFailure(tx, executionId, target, detail);
  if (isWrong) {
    await tx.db
      .updateTable('execution')
      .set({ phase: 'undoing', undo_reason: `Step ${action.id}: ${detail}` })
      .where('id', '=', executionId)
      .execute();
  }
  const what = `${direction === 'undo' ? 'Undo: ' : ''}${describeCall(step.call, target)}`;
  const how = { done: 'done', failed: `failed – ${detail}`, uncertain: `cannot be told – ${detail}` }[delivered.kind];
  await tell(tx, plan, {
    event: delivered.kind === 'done' ? 'step-completed' : 'step-failed',
    text: `${what}: ${how}`,
    data: { executionId, actionId: action.id, direction, result: delivered.kind },
  });
}

async function readAfter(effector: Effector): Promise<Spec | null> {
  try {
    return await effector.readSpec();
  } catch (error) {
    if (error instanceof CharterError) return null;
    throw error;
  }
}
