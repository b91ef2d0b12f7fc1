import type { Adaptation } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import type { KnowledgeTables } from '../migrations.ts';

/** What was last said of a subject; null when it was never spoken of. */
export async function lastTold({ db }: Pick<Tx<KnowledgeTables>, 'db'>, subject: string): Promise<number | null> {
  const row = await db.selectFrom('adaptation').select('value').where('subject', '=', subject).executeTakeFirst();
  return row?.value ?? null;
}

export async function recordAdaptation({ db }: Pick<Tx<KnowledgeTables>, 'db'>, adaptation: Adaptation): Promise<void> {
  const { subject, value, confidence, reason } = adaptation;
  const row = { value, confidence, reason, at: new Date(adaptation.at) };
  await db
    .insertInto('adaptation')
    .values({ subject, ...row })
    .onConflict((conflict) => conflict.column('subject').doUpdateSet(row))
    .execute();
}
