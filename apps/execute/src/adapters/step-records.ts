import { sql } from 'kysely';
import type { ActuatorCall } from '../domain/actuation.ts';
import { type Direction, type StepState, stepKey } from '../domain/execution.ts';
import { type Spec, specHash } from '../domain/spec.ts';
import type { Effector } from '../ports.ts';
import { type ExecuteTx, writeJournal } from './execution-records.ts';
import type { StepRow } from './tables.ts';

export interface Intent {
  readonly executionId: string;
  readonly actionId: string;
  readonly direction: Direction;
  readonly target: string;
  readonly call: ActuatorCall;
  readonly undo: ActuatorCall | null;
  readonly guarantee: Effector['guarantee'];
  readonly fencingToken: number;
  readonly before: Spec | null;
  readonly text: string;
}

/** Writes down what is about to be done. Written again, with a newer token, when a crash came before anything was sent. */
export async function recordIntent(tx: ExecuteTx, intent: Intent): Promise<void> {
  const { executionId, actionId, direction } = intent;
  const values = {
    state: 'intended' as const,
    target: intent.target,
    call: JSON.stringify(intent.call),
    undo: intent.undo === null ? null : JSON.stringify(intent.undo),
    fencing_token: intent.fencingToken,
    guarantee: intent.guarantee,
    before_spec: intent.before === null ? null : JSON.stringify(intent.before),
    before_hash: intent.before === null ? null : specHash(intent.before),
  };
  await tx.db
    .insertInto('step')
    .values({
      execution_id: executionId,
      action_id: actionId,
      direction,
      idempotency_key: stepKey(executionId, actionId, direction),
      after_hash: null,
      detail: null,
      ...values,
    })
    .onConflict((conflict) => conflict.columns(['execution_id', 'action_id', 'direction']).doUpdateSet(values))
    .execute();
  const data = { target: intent.target, fencingToken: intent.fencingToken, guarantee: intent.guarantee };
  await writeJournal(tx.db, executionId, { kind: 'intent', actionId, direction, text: intent.text, data });
}

type StepId = Pick<Intent, 'executionId' | 'actionId' | 'direction'>;

/** From here on the effect may exist. */
export async function recordStart(tx: ExecuteTx, step: StepId): Promise<StepRow> {
  const row = await tx.db
    .updateTable('step')
    .set({ state: 'started', started_at: sql<Date>`clock_timestamp()` })
    .where('execution_id', '=', step.executionId)
    .where('action_id', '=', step.actionId)
    .where('direction', '=', step.direction)
    .returningAll()
    .executeTakeFirstOrThrow();
  await writeJournal(tx.db, step.executionId, { kind: 'started', ...pick(step), text: 'Sent to the target' });
  return row;
}

/** It is certain that nothing was sent: the step is where it was before its start. */
export async function recordNotSent(tx: ExecuteTx, step: StepId): Promise<void> {
  await tx.db
    .updateTable('step')
    .set({ state: 'intended' })
    .where('execution_id', '=', step.executionId)
    .where('action_id', '=', step.actionId)
    .where('direction', '=', step.direction)
    .execute();
  await writeJournal(tx.db, step.executionId, { kind: 'not-sent', ...pick(step), text: 'Nothing reached the target' });
}

/** Milliseconds that a step has left of its time, counted from its first intent; never less than one attempt takes. */
export async function timeLeft(db: ExecuteTx['db'], step: StepRow, timeoutSeconds: number): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from clock_timestamp() - ${step.intent_at}::timestamptz)::float as seconds`.execute(db);
  return Math.max(1_000, (timeoutSeconds - (rows[0]?.seconds ?? 0)) * 1_000);
}

export interface Result {
  readonly executionId: string;
  readonly actionId: string;
  readonly direction: Direction;
  readonly target: string;
  readonly state: StepState;
  readonly after: Spec | null;
  readonly detail: string;
}

/** Writes down how a step ended, and what the target reads now. */
export async function recordResult(tx: ExecuteTx, result: Result): Promise<void> {
  const { executionId, actionId, direction, target, state, after, detail } = result;
  await tx.db
    .updateTable('step')
    .set({
      state,
      detail,
      after_spec: after === null ? null : JSON.stringify(after),
      after_hash: after === null ? null : specHash(after),
      result_at: sql<Date>`clock_timestamp()`,
    })
    .where('execution_id', '=', executionId)
    .where('action_id', '=', actionId)
    .where('direction', '=', direction)
    .execute();
  if (state === 'done' || state === 'uncertain') {
    await sql`
      update execute.target_lease l set changed_at = now(), changed_by = ${executionId},
        previous_spec = case when ${direction} = 'forward' then s.before_spec else l.previous_spec end
      from execute.step s
      where l.target = ${target} and s.execution_id = ${executionId} and s.action_id = ${actionId}
        and s.direction = ${direction}`.execute(tx.db);
  }
  await writeJournal(tx.db, executionId, { kind: 'result', actionId, direction, text: detail, data: { state } });
}

const pick = ({ actionId, direction }: { actionId: string; direction: Direction }) => ({ actionId, direction });
