import type { ParsedPack } from '@charter/shared/charter-client';
import type { Store } from '@charter/store';
import { emptyWatch, storedWatchFrom, type Watch, watchFrom } from '../domain/watch.ts';
import type { MonitorTables } from '../tables.ts';

/** Monitor's part of the active pack; the last good one outlives restarts and a charter that is away. */
export interface PackShelf {
  current(): Watch;
  put(pack: ParsedPack): Promise<void>;
}

export async function openPackShelf({ db }: Store<MonitorTables>, environment: string): Promise<PackShelf> {
  const kept = await db.selectFrom('pack').select('watch').where('environment', '=', environment).executeTakeFirst();
  let current = kept ? watchFrom(kept.watch) : emptyWatch;
  return {
    current: () => current,
    async put(pack) {
      const stored = storedWatchFrom(pack);
      const watch = JSON.stringify(stored);
      await db
        .insertInto('pack')
        .values({ environment, watch })
        .onConflict((conflict) => conflict.column('environment').doUpdateSet({ watch, stored_at: new Date() }))
        .execute();
      current = watchFrom(stored);
    },
  };
}
