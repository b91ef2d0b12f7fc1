import { CharterError, type PageQuery, type Plan } from '@charter/shared/contracts';
import { newId, pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { type Direction, executionSeconds, type Request } from '../domain/execution.ts';
import type { Json } from '../domain/spec.ts';
import { orderSteps } from '../domain/step-order.ts';
import type { ExecuteTables, ExecutionRow, JournalRow, StepRow } from './tables.ts';

export type ExecuteStore = Store<ExecuteTables>;
export type ExecuteTx = Tx<ExecuteTables>;

/** Records an execution of a plan; the one that exists when there is one. */
export async function recordExecution(
  tx: ExecuteTx,
  plan: Plan,
  options: { dryRun?: boolean; deadlineAt: Date },
): Promise<{ id: string; isNew: boolean }> {
  const order = orderSteps(plan.actions);
  const id = newId();
  const { dryRun = false, deadlineAt } = options;
  const inserted = await tx.db
    .insertInto('execution')
    .values({
      id,
      plan_id: plan.id,
      incident_id: plan.incidentId,
      outcome_id: newId(),
      dry_run: dryRun,
      plan: JSON.stringify(plan),
      step_order: JSON.stringify(order.kind === 'ordered' ? order.actions.map((action) => action.id) : []),
      state: 'pending',
      requested: null,
      requested_by: null,
      undo_reason: null,
      outcome_type: null,
      disposition: null,
      reason: null,
      held_by: null,
      held_reason: null,
      holder: null,
      deadline_at: deadlineAt,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  if (inserted) return { id, isNew: true };
  const existing = await tx.db
    .selectFrom('execution')
    .select('id')
    .where('plan_id', '=', plan.id)
    .where('dry_run', '=', false)
    .executeTakeFirstOrThrow();
  return { id: existing.id, isNew: false };
}

export async function findExecution(db: ExecuteStore['db'], id: string): Promise<ExecutionRow | undefined> {
  return db.selectFrom('execution').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function stepsOf(db: ExecuteStore['db'], executionId: string): Promise<StepRow[]> {
  return db.selectFrom('step').selectAll().where('execution_id', '=', executionId).orderBy('intent_at').execute();
}

export async function journalOf(db: ExecuteStore['db'], executionId: string): Promise<JournalRow[]> {
  return db.selectFrom('journal').selectAll().where('execution_id', '=', executionId).orderBy('id').execute();
}

export async function pageOfExecutions(
  db: ExecuteStore['db'],
  query: PageQuery & { incidentId?: string | undefined; planId?: string | undefined },
): Promise<{ items: ExecutionRow[]; nextCursor: string | null }> {
  let rows = db
    .selectFrom('execution')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(query.limit + 1);
  if (query.cursor !== undefined) rows = rows.where('id', '<', query.cursor);
  if (query.incidentId !== undefined) rows = rows.where('incident_id', '=', query.incidentId);
  if (query.planId !== undefined) rows = rows.where('plan_id', '=', query.planId);
  return pageFrom(await rows.execute(), query);
}

export interface JournalEntry {
  readonly kind: string;
  readonly text: string;
  readonly actionId?: string | undefined;
  readonly direction?: Direction | undefined;
  readonly data?: Record<string, Json>;
}

/** Adds a line to an execution's record. */
export async function writeJournal(db: ExecuteTx['db'], executionId: string, entry: JournalEntry): Promise<void> {
  await db
    .insertInto('journal')
    .values({
      execution_id: executionId,
      kind: entry.kind,
      action_id: entry.actionId ?? null,
      direction: entry.direction ?? null,
      text: entry.text,
      data: JSON.stringify(entry.data ?? {}),
    })
    .execute();
}

/** A person's wish; the runner grants it between two steps. @throws CharterError `not-found`, `conflict` */
export async function requestOf(
  store: ExecuteStore,
  id: string,
  asked: { request: Request | 'resume'; by: string; slackSeconds: number },
): Promise<void> {
  await store.transaction(async (tx) => {
    const row = await tx.db.selectFrom('execution').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
    if (!row) throw new CharterError('not-found', `No execution ${id}`);
    await writeJournal(tx.db, id, { kind: 'request', text: `${asked.by} asks for ${asked.request}` });
    const change = changeFor(row, asked.request, asked.slackSeconds);
    if (change === null)
      throw new CharterError('conflict', `Execution ${id} is ${row.state}: it cannot ${asked.request}`);
    await tx.db
      .updateTable('execution')
      .set({ ...change, requested_by: asked.by, next_at: sql<Date>`now()` })
      .where('id', '=', id)
      .execute();
  });
}

function changeFor(row: ExecutionRow, request: Request | 'resume', slackSeconds: number) {
  const deadline_at = sql<Date>`now() + make_interval(secs => ${executionSeconds(row.plan, slackSeconds)})`;
  const isOpen = row.state === 'pending' || row.state === 'in_progress' || row.state === 'paused';
  switch (request) {
    case 'pause':
      return isOpen && row.phase === 'acting' ? { requested: request } : null;
    case 'cancel':
      return isOpen || row.state === 'uncertain' ? { requested: request } : null;
    case 'resume':
      if (row.state !== 'paused' && row.requested !== 'pause') return null;
      return row.started_at === null
        ? { requested: null, state: 'pending' as const, deadline_at: new Date(row.plan.expiresAt) }
        : { requested: null, state: 'in_progress' as const, deadline_at };
    case 'rollback':
      if (isOpen) return { requested: request };
      if (row.state !== 'completed' || row.dry_run) return null;
      return {
        requested: request,
        state: 'in_progress' as const,
        phase: 'undoing' as const,
        undo_reason: 'A person asked for rollback',
        finished_at: null,
        deadline_at,
      };
  }
}
