import type { Plan } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { ActuatorCall } from '../domain/actuation.ts';
import { type Direction, type StepState, stepKey } from '../domain/execution.ts';
import type { Reading } from '../domain/reading.ts';
import { type Spec, specHash } from '../domain/spec.ts';
import type { Effector } from '../ports.ts';
import { byRun, type ClaimLost, type Run } from './claims.ts';
import { type ExecuteStore, type ExecuteTx, writeJournal } from './execution-records.ts';
import type { StepRecord } from './tables.ts';

export interface Intent {
  readonly run: Run;
  readonly actionId: string;
  readonly direction: Direction;
  readonly target: string;
  readonly call: ActuatorCall;
  readonly undo: ActuatorCall | null;
  readonly guarantee: Effector['guarantee'];
  readonly before: Spec | null;
  readonly mark: string | null;
  readonly text: string;
  /** Raises the generation of these targets, makes them this execution's, and draws a higher token for the step's own. */
  readonly take: { readonly plan: Plan; readonly targets: readonly string[]; readonly leaseSeconds: number } | null;
  /** The execution begins with this step. */
  readonly begin: { readonly baseline: readonly Reading[]; readonly seconds: number } | null;
}

/**
 * Writes down what is about to be done, and takes the targets for it, in one statement. Written again, with a newer
 * token, when a crash came before anything was sent. No target may be in two of them.
 */
export async function recordIntents(tx: ExecuteTx, intents: readonly Intent[]): Promise<void> {
  const takes = intents.flatMap(({ run, target, take }) =>
    [...new Set(take?.targets ?? [])].map((each) => ({
      target: each,
      generation: take?.plan.generations[each] ?? 0,
      holder: run.executionId,
      seconds: take?.leaseSeconds ?? 0,
      token: each === target ? 1 : 0,
    })),
  );
  const steps = intents.map(
    ({ run, actionId, direction, target, call, undo, guarantee, before, mark, text, begin }) => ({
      id: run.executionId,
      action_id: actionId,
      direction,
      target,
      call,
      undo,
      key: stepKey(run.executionId, actionId, direction),
      guarantee,
      before_spec: before,
      before_hash: before === null ? null : specHash(before),
      before_mark: mark,
      text,
      begins: begin !== null,
      baseline: begin?.baseline ?? null,
      seconds: begin?.seconds ?? 0,
    }),
  );
  await sql`
    with take as (
      select * from jsonb_to_recordset(${JSON.stringify(takes)}::jsonb)
        as take (target text, generation bigint, holder text, seconds float, token int)),
    asked as (
      select * from jsonb_to_recordset(${JSON.stringify(steps)}::jsonb)
        as asked (id text, action_id text, direction text, target text, call jsonb, undo jsonb, key text,
          guarantee text, before_spec jsonb, before_hash text, before_mark text, text text, begins boolean, baseline jsonb,
          seconds float)),
    taken as (
      update execute.target_lease l set generation = take.generation, holder = take.holder,
        expires_at = now() + make_interval(secs => take.seconds), fencing_token = l.fencing_token + take.token
      from take where l.target = take.target
      returning l.target, l.holder, l.fencing_token),
    own as (
      select asked.*, coalesce(taken.fencing_token, 0) as fencing
      from asked left join taken on taken.target = asked.target and taken.holder = asked.id),
    intended as (
      insert into execute.step (execution_id, action_id, direction, state, target, call, undo, idempotency_key,
        fencing_token, guarantee, before_spec, before_hash, before_mark)
      select id, action_id, direction, 'intended', target, call, nullif(undo, 'null'), key, fencing, guarantee,
        nullif(before_spec, 'null'), before_hash, before_mark
      from own
      on conflict (execution_id, action_id, direction) do update set state = excluded.state, target = excluded.target,
        call = excluded.call, undo = excluded.undo, fencing_token = excluded.fencing_token,
        guarantee = excluded.guarantee, before_spec = excluded.before_spec, before_hash = excluded.before_hash,
        before_mark = excluded.before_mark),
    begun as (
      update execute.execution e set state = 'in_progress', started_at = clock_timestamp(),
        deadline_at = now() + make_interval(secs => own.seconds), baseline = nullif(own.baseline, 'null')
      from own where e.id = own.id and own.begins)
    insert into execute.journal (execution_id, kind, action_id, direction, text, data)
    select id, 'intent', action_id, direction, text,
      jsonb_build_object('target', target, 'guarantee', guarantee, 'fencingToken', fencing)
    from own`.execute(tx.db);
}

/** Steps forward of these executions that have an intent, as `<execution id> <action id>`. */
export async function stepsWithIntent(tx: ExecuteTx, executionIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ key: string }>`
    select execution_id || ' ' || action_id as key from execute.step
    where execution_id = any(${executionIds}::text[]) and direction = 'forward'`.execute(tx.db);
  return new Set(rows.map(({ key }) => key));
}

type StepId = Pick<Intent, 'actionId' | 'direction'>;

/** A step that was sent now; `spentSeconds` have passed since its first intent. */
export interface Started {
  readonly step: StepRecord;
  readonly spentSeconds: number;
}

/** From here on the effects may exist. */
export async function recordStarts(
  store: ExecuteStore,
  items: readonly (StepId & { readonly run: Run })[],
): Promise<(Started | ClaimLost)[]> {
  const asked = items.map(({ run, actionId, direction }) => ({
    id: run.executionId,
    claim: run.claim,
    action_id: actionId,
    direction,
  }));
  const { rows } = await sql<StepRecord & { id: string; spent: number }>`
    with mine as (
      select e.id, asked.action_id, asked.direction from execute.execution e
      join jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as asked (id text, claim int, action_id text, direction text) using (id, claim)
      order by e.id for update of e),
    started as (
      update execute.step s set state = 'started', started_at = clock_timestamp() from mine
      where s.execution_id = mine.id and s.action_id = mine.action_id and s.direction = mine.direction
      returning s.*),
    line as (
      insert into execute.journal (execution_id, kind, action_id, direction, text)
      select execution_id, 'started', action_id, direction, 'Sent to the target' from started)
    select started.*, execution_id as id, extract(epoch from clock_timestamp() - intent_at)::float as spent
    from started`.execute(store.db);
  return byRun(
    items.map(({ run }) => run),
    rows,
  ).map((found) => (found instanceof Error ? found : { step: found, spentSeconds: found.spent }));
}

/** It is certain that nothing was sent: the step is where it was before its start. */
export async function recordNotSent(tx: ExecuteTx, executionId: string, step: StepId): Promise<void> {
  await tx.db
    .updateTable('step')
    .set({ state: 'intended' })
    .where('execution_id', '=', executionId)
    .where('action_id', '=', step.actionId)
    .where('direction', '=', step.direction)
    .execute();
  await writeJournal(tx.db, executionId, { kind: 'not-sent', ...step, text: 'Nothing reached the target' });
}

/** Seconds since a step's first intent. */
export async function spentSeconds(
  db: ExecuteTx['db'],
  step: Pick<StepRecord, 'execution_id' | 'action_id' | 'direction'>,
): Promise<number> {
  const { rows } = await sql<{ seconds: number }>`
    select extract(epoch from clock_timestamp() - intent_at)::float as seconds from execute.step
    where execution_id = ${step.execution_id} and action_id = ${step.action_id}
      and direction = ${step.direction}`.execute(db);
  return rows[0]?.seconds ?? 0;
}

export interface Result extends StepId {
  readonly run: Run;
  readonly target: string;
  readonly state: StepState;
  readonly after: Spec | null;
  readonly detail: string;
}

/** Writes down how steps ended, and what their targets read now. @returns the executions whose claim still stands */
export async function recordResults(tx: ExecuteTx, results: readonly Result[]): Promise<ReadonlySet<string>> {
  const items = results.map((result) => ({
    id: result.run.executionId,
    claim: result.run.claim,
    action_id: result.actionId,
    direction: result.direction,
    target: result.target,
    state: result.state,
    after_spec: result.after,
    after_hash: result.after === null ? null : specHash(result.after),
    detail: result.detail,
    changes: result.state === 'done' || result.state === 'uncertain',
  }));
  const { rows } = await sql<{ id: string }>`
    with mine as materialized (
      select asked.* from execute.execution e
      join jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as asked (id text, claim int, action_id text,
        direction text, target text, state text, after_spec jsonb, after_hash text, detail text, changes boolean)
        using (id, claim)
      order by e.id for update of e),
    ended as (
      update execute.step s set state = mine.state, detail = mine.detail, after_spec = nullif(mine.after_spec, 'null'),
        after_hash = mine.after_hash, result_at = clock_timestamp()
      from mine
      where s.execution_id = mine.id and s.action_id = mine.action_id and s.direction = mine.direction
      returning mine.*, s.before_spec),
    leases as (
      select l.target from execute.target_lease l
      where l.target in (select target from ended where changes) order by l.target for update of l),
    changed as (
      update execute.target_lease l set changed_at = now(), changed_by = ended.id,
        previous_spec = case when ended.direction = 'forward' then ended.before_spec else l.previous_spec end
      from ended join leases using (target) where l.target = ended.target and ended.changes),
    line as (
      insert into execute.journal (execution_id, kind, action_id, direction, text, data)
      select id, 'result', action_id, direction, detail, jsonb_build_object('state', state) from ended)
    select id from ended`.execute(tx.db);
  return new Set(rows.map(({ id }) => id));
}
