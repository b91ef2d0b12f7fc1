import { type CycleRequest, cycleQueue, type PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store } from '@charter/store';
import { sql } from 'kysely';
import type { OrchestratorTables } from '../migrations.ts';

export interface Cycle {
  readonly id: string;
  readonly trigger: CycleRequest['trigger'];
  readonly requestedAt: string;
}

/** Opens cycles, each once: whichever replica first claims a time slot sends the request. */
export function cycleLog(store: Store<OrchestratorTables>) {
  async function open(trigger: CycleRequest['trigger'], intervalSeconds: number | null): Promise<Cycle | null> {
    return store.transaction(async (tx) => {
      const id = newId();
      const slot = intervalSeconds === null ? null : sql<string>`floor(extract(epoch from now()) / ${intervalSeconds})`;
      const row = await tx.db
        .insertInto('cycle')
        .values({ id, slot, trigger })
        .onConflict((conflict) => conflict.column('slot').doNothing())
        .returning('requested_at')
        .executeTakeFirst();
      if (!row) return null;
      const requestedAt = row.requested_at.toISOString();
      await tx.enqueue(cycleQueue, { id, trigger, at: requestedAt }, { cycleId: id });
      return { id, trigger, requestedAt };
    });
  }

  return {
    /** @returns null when this slot was opened before, by this replica or another */
    openScheduled: (intervalSeconds: number) => open('schedule', intervalSeconds),
    async openManual(): Promise<Cycle> {
      const cycle = await open('manual', null);
      if (!cycle) throw new Error('a cycle without a slot cannot collide');
      return cycle;
    },
    async find(id: string): Promise<Cycle | null> {
      const row = await store.db.selectFrom('cycle').selectAll().where('id', '=', id).executeTakeFirst();
      return row ? cycleFrom(row) : null;
    },
    async page(query: PageQuery) {
      let rows = store.db
        .selectFrom('cycle')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      return pageFrom((await rows.execute()).map(cycleFrom), query);
    },
    /** Forgets cycles and their numbers; timeline entries stay with their incidents. */
    async forgetBefore(days: number): Promise<void> {
      await store.db
        .deleteFrom('cycle')
        .where('requested_at', '<', sql<Date>`now() - make_interval(days => ${days})`)
        .execute();
    },
  };
}
export type CycleLog = ReturnType<typeof cycleLog>;

function cycleFrom(row: { id: string; trigger: string; requested_at: Date }): Cycle {
  return { id: row.id, trigger: row.trigger as Cycle['trigger'], requestedAt: row.requested_at.toISOString() };
}
