import type { Adaptation } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import { sql } from 'kysely';
import type { MonitorTables } from '../tables.ts';

/** Keeps the newest word of Knowledge on how long violations of a metric may wait; 0 takes it back. */
export function onAdaptation({
  store,
  onKept,
}: {
  readonly store: Store<MonitorTables>;
  readonly onKept: () => Promise<void>;
}) {
  return async (message: ReceivedMessage<Adaptation>): Promise<boolean> => {
    const { kind, subject, value, reason, at } = message.data;
    const fresh = await store.consume(message, async ({ db }) => {
      if (kind !== 'hold') return;
      const row = { value: Math.max(0, value), reason, at: new Date(at) };
      await db
        .insertInto('adaptation')
        .values({ kind, subject, ...row })
        .onConflict((conflict) =>
          conflict.columns(['kind', 'subject']).doUpdateSet(row).where(sql<boolean>`adaptation.at <= excluded.at`),
        )
        .execute();
    });
    await onKept();
    return fresh;
  };
}
