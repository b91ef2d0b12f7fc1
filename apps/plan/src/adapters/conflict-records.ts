import type { PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Conflict } from '../domain/conflicts.ts';
import type { PlanTables } from './tables.ts';

/** Two policies that pull one resource in different directions: recorded once, and frozen for a while. */
export const ConflictItem = z.object({
  id: z.string(),
  kind: z.enum(['opposing', 'non-commuting', 'oscillation']),
  target: z.string(),
  resource: z.string(),
  planIds: z.array(z.string()),
  incidentIds: z.array(z.string()),
  strategies: z.array(z.string()),
  reason: z.string(),
  openedAt: z.iso.datetime(),
  frozenUntil: z.iso.datetime(),
  closedAt: z.iso.datetime().nullable(),
});
export type ConflictItem = z.infer<typeof ConflictItem>;

/** Opens the one standing conflict of a resource. @returns its id; null when it stands already */
export async function openConflict(
  tx: Tx<PlanTables>,
  conflict: Conflict,
  frozenSeconds: number,
): Promise<string | null> {
  const row = await tx.db
    .insertInto('conflict')
    .values({
      id: newId(),
      kind: conflict.kind,
      target: conflict.target,
      resource: conflict.resource,
      plan_ids: JSON.stringify(conflict.planIds),
      incident_ids: JSON.stringify(conflict.incidentIds),
      strategies: JSON.stringify(conflict.strategies),
      reason: conflict.reason,
      frozen_until: sql<Date>`now() + make_interval(secs => ${frozenSeconds})`,
    })
    .onConflict((standing) => standing.columns(['target', 'resource']).where('closed_at', 'is', null).doNothing())
    .returning('id')
    .executeTakeFirst();
  return row?.id ?? null;
}

/** Closes conflicts whose freeze has passed. */
export async function closeThawed(store: Store<PlanTables>): Promise<void> {
  await store.db
    .updateTable('conflict')
    .set({ closed_at: new Date() })
    .where('closed_at', 'is', null)
    .where('frozen_until', '<', sql<Date>`now()`)
    .execute();
}

export async function conflictPage(store: Store<PlanTables>, query: PageQuery & { incidentId?: string | undefined }) {
  let rows = store.db
    .selectFrom('conflict')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(query.limit + 1);
  if (query.cursor) rows = rows.where('id', '<', query.cursor);
  if (query.incidentId) rows = rows.where(sql<boolean>`incident_ids ? ${query.incidentId}`);
  const items = (await rows.execute()).map((row) =>
    ConflictItem.parse({
      id: row.id,
      kind: row.kind,
      target: row.target,
      resource: row.resource,
      planIds: row.plan_ids,
      incidentIds: row.incident_ids,
      strategies: row.strategies,
      reason: row.reason,
      openedAt: row.opened_at.toISOString(),
      frozenUntil: row.frozen_until.toISOString(),
      closedAt: row.closed_at?.toISOString() ?? null,
    }),
  );
  return pageFrom(items, query);
}
