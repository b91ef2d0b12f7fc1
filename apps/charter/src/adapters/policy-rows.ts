import type { Tx } from '@charter/store';
import { newId } from '@charter/store';
import { sql } from 'kysely';
import type { CheckedPolicy } from '../domain/policy-source.ts';
import type { CharterTables } from '../tables.ts';

export type PolicyRow = Omit<CharterTables['policy'], 'revision' | 'created_at'> & {
  readonly revision: number;
  readonly created_at: Date;
};

/** A store or a transaction. */
export type Reader = Pick<Tx<CharterTables>, 'db'>;

/** The revision with exactly this content, or a new one; the label is the document's own, or its number. */
export async function ensureRevision(
  tx: Reader,
  checked: Omit<CheckedPolicy, 'source'>,
  origin: {
    readonly source: string | null;
    readonly packId: string | null;
    readonly index: number;
    readonly by: string;
  },
): Promise<PolicyRow> {
  const { policy, environment, digest } = checked;
  const known = await tx.db
    .selectFrom('policy')
    .selectAll()
    .where('name', '=', policy.name)
    .where('environment', '=', environment)
    .where('digest', '=', digest)
    .where('status', 'not in', ['draft', 'validated', 'rejected'])
    .orderBy('id', 'desc')
    .executeTakeFirst();
  if (known) return known;
  const { count } = await tx.db
    .selectFrom('policy')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('name', '=', policy.name)
    .where('environment', '=', environment)
    .executeTakeFirstOrThrow();
  return tx.db
    .insertInto('policy')
    .values({
      id: newId(),
      name: policy.name,
      environment,
      version: policy.version ?? String(Number(count) + 1),
      form: policy.form,
      status: 'approved',
      digest,
      source: origin.source,
      pack_id: origin.packId,
      document_index: origin.index,
      requires_approval: policy.requiresApproval,
      created_by: origin.by,
      replaced_id: null,
      activated_at: null,
      ended_at: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function activeRevision({ db }: Reader, name: string, environment: string): Promise<PolicyRow | null> {
  const row = await db
    .selectFrom('policy')
    .selectAll()
    .where('name', '=', name)
    .where('environment', '=', environment)
    .where('status', '=', 'active')
    .executeTakeFirst();
  return row ?? null;
}

/** Takes a revision out of force. */
export async function endRevision({ db }: Reader, id: string, status: 'superseded' | 'rolled_back'): Promise<void> {
  await db.updateTable('policy').set({ status, ended_at: sql<Date>`now()` }).where('id', '=', id).execute();
}

/** Puts a revision in force in place of the one that is; the caller holds the governance lock. */
export async function startRevision(
  tx: Reader,
  id: string,
  replaced: { readonly id: string | null; readonly keep: boolean },
): Promise<void> {
  await tx.db
    .updateTable('policy')
    .set({
      status: 'active',
      activated_at: sql<Date>`now()`,
      ended_at: null,
      ...(replaced.keep ? {} : { replaced_id: replaced.id }),
    })
    .where('id', '=', id)
    .execute();
}
