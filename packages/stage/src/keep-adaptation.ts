import type { Adaptation } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { type Kysely, sql } from 'kysely';

/** What every stage's `adaptation` table has; (kind, subject) is its key. What else it keeps of one, its columns say. */
interface AdaptationTables {
  adaptation: { kind: string; subject: string; reason: string; at: Date; [column: string]: unknown };
}

/** Keeps the newest word of Knowledge on a subject in the stage's own table, whichever arrives last. */
export async function keepAdaptation<Tables>(
  tx: Tx<Tables>,
  { kind, subject, reason, at }: Adaptation,
  columns: Readonly<Record<string, unknown>>,
): Promise<void> {
  const row = { ...columns, reason, at: new Date(at) };
  await (tx.db as unknown as Kysely<AdaptationTables>)
    .insertInto('adaptation')
    .values({ kind, subject, ...row })
    .onConflict((conflict) =>
      conflict.columns(['kind', 'subject']).doUpdateSet(row).where(sql<boolean>`adaptation.at <= excluded.at`),
    )
    .execute();
}
