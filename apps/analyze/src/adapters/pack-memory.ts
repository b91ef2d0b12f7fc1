import type { ParsedPack } from '@charter/shared/charter-client';
import type { Store } from '@charter/store';
import type { AnalyzeTables } from '../migrations.ts';

/** Keeps the last good pack through restarts, so that a charter that is away stops no analysis. */
export function packMemory(store: Store<AnalyzeTables>) {
  return {
    async recall(): Promise<ParsedPack | null> {
      const row = await store.db
        .selectFrom('pack')
        .select('body')
        .orderBy('taken_at', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row ? (row.body as unknown as ParsedPack) : null;
    },
    async keep(pack: ParsedPack): Promise<void> {
      const body = JSON.stringify(pack);
      await store.transaction(async ({ db }) => {
        await db.deleteFrom('pack').where('id', '!=', pack.id).execute();
        await db
          .insertInto('pack')
          .values({ id: pack.id, body })
          .onConflict((conflict) => conflict.column('id').doUpdateSet({ body }))
          .execute();
      });
    },
  };
}
