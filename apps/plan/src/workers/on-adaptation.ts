import type { Adaptation } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import { sql } from 'kysely';
import type { PlanTables } from '../adapters/tables.ts';

/** Keeps the newest adaptation of each subject; `strategy-belief` of a strategy moves what the pack expects of it. */
export function onAdaptation(store: Store<PlanTables>) {
  return (message: ReceivedMessage<Adaptation>): Promise<boolean> => {
    const { kind, subject, value, confidence, reason, at } = message.data;
    const row = { value, confidence, reason, at: new Date(at) };
    return store.consume(message, async ({ db }) => {
      await db
        .insertInto('adaptation')
        .values({ kind, subject, ...row })
        .onConflict((conflict) =>
          conflict.columns(['kind', 'subject']).doUpdateSet(row).where(sql<boolean>`adaptation.at <= excluded.at`),
        )
        .execute();
    });
  };
}
