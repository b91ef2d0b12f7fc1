import type { PauseScope } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { nameOf, type Pause } from '../domain/permit-for.ts';
import type { OrchestratorTables } from '../migrations.ts';

/** The standing pauses; they survive restarts, and every replica reads the same ones. */
export function pauses(store: Store<OrchestratorTables>) {
  return {
    async standing(): Promise<{ pauses: Pause[]; now: Date }> {
      const rows = await store.db
        .selectFrom('pause')
        .select(['body', 'since', sql<Date>`now()`.as('now')])
        .orderBy('since')
        .execute();
      return {
        pauses: rows.map(({ body, since }) => ({ ...(body as unknown as Pause), since: since.toISOString() })),
        now: rows[0]?.now ?? new Date(),
      };
    },
    async add(scope: PauseScope, reason: string, by: string): Promise<void> {
      await store.db
        .insertInto('pause')
        .values({ scope: nameOf(scope), body: JSON.stringify({ scope, reason, by }) })
        .onConflict((conflict) => conflict.column('scope').doNothing())
        .execute();
    },
    /** @returns whether there was such a pause */
    async lift(scope: PauseScope): Promise<boolean> {
      const { numDeletedRows } = await store.db
        .deleteFrom('pause')
        .where('scope', '=', nameOf(scope))
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}
export type Pauses = ReturnType<typeof pauses>;
