import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import type { CharterTables } from '../tables.ts';

/** Changes of what governs decisions happen one after the other; taken first in their transactions. */
const governanceLock = 5_120_446;

export async function lockGovernance(tx: Tx<CharterTables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${governanceLock})`.execute(tx.db);
}

/** Tells every replica, once this transaction has committed, that what governs decisions has changed. */
export async function raiseGeneration(tx: Tx<CharterTables>): Promise<void> {
  await tx.db.updateTable('generation').set({ value: sql`value + 1` }).execute();
}

export async function readGeneration(store: Store<CharterTables>): Promise<string> {
  const { value } = await store.db.selectFrom('generation').select('value').executeTakeFirstOrThrow();
  return value;
}
