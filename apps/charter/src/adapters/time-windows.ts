import { CharterError, Window } from '@charter/shared/contracts';
import { newId, type Store } from '@charter/store';
import { sql } from 'kysely';
import type { CharterTables } from '../tables.ts';
import { appendAudit } from './audit-log.ts';
import { lockGovernance, raiseGeneration } from './generation.ts';

export interface StoredWindow {
  readonly id: string;
  readonly window: Window;
  readonly createdBy: string;
  readonly createdAt: string;
}

/** Windows that people open by hand, beside those of the pack. */
export function timeWindows(store: Store<CharterTables>) {
  return {
    async standing(): Promise<StoredWindow[]> {
      const rows = await store.db
        .selectFrom('time_window')
        .selectAll()
        .where('ended_at', 'is', null)
        .orderBy('id', 'desc')
        .execute();
      return rows.map(({ id, body, created_by, created_at }) => ({
        id,
        window: Window.parse(JSON.parse(body)),
        createdBy: created_by,
        createdAt: created_at.toISOString(),
      }));
    },
    async add(window: Window, by: string): Promise<string> {
      const { name } = window.metadata;
      return store.transaction(async (tx) => {
        await lockGovernance(tx);
        const id = newId();
        const added = await tx.db
          .insertInto('time_window')
          .values({ id, name, body: JSON.stringify(window), created_by: by, ended_at: null })
          .onConflict((conflict) => conflict.column('name').where('ended_at', 'is', null).doNothing())
          .returning('id')
          .executeTakeFirst();
        if (!added) throw new CharterError('conflict', `A window named ${name} stands already`);
        await raiseGeneration(tx);
        await appendAudit(tx, [{ actor: by, action: 'window.added', subject: id, data: { window } }]);
        return id;
      });
    },
    async end(id: string, by: string): Promise<void> {
      await store.transaction(async (tx) => {
        await lockGovernance(tx);
        const ended = await tx.db
          .updateTable('time_window')
          .set({ ended_at: sql<Date>`now()` })
          .where('id', '=', id)
          .where('ended_at', 'is', null)
          .returning('name')
          .executeTakeFirst();
        if (!ended) throw new CharterError('not-found', `No standing window ${id}`);
        await raiseGeneration(tx);
        await appendAudit(tx, [{ actor: by, action: 'window.ended', subject: id, data: { name: ended.name } }]);
      });
    },
  };
}
export type TimeWindows = ReturnType<typeof timeWindows>;
