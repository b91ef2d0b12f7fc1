import type { Adaptation } from '@charter/shared/contracts';
import type { ReceivedMessage, Store } from '@charter/store';
import { sql } from 'kysely';
import type { AnalyzeTables } from '../migrations.ts';

/** Keeps the newest word of Knowledge on what confidences are worth; points that change nothing take it back. */
export function onAdaptation(store: Store<AnalyzeTables>) {
  return (message: ReceivedMessage<Adaptation>): Promise<boolean> => {
    const { kind, subject, points = [], reason, at } = message.data;
    return store.consume(message, async ({ db }) => {
      if (kind !== 'confidence') return;
      const ascending = points.toSorted((a, b) => a.from - b.from);
      const row = { points: JSON.stringify(ascending), reason, at: new Date(at) };
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
