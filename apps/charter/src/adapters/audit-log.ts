import type { KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { type Column, rowsOf, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import {
  type AuditBreach,
  type AuditEntry,
  type AuditHead,
  type AuditRecord,
  chainOn,
  emptyChain,
} from '../domain/audit-chain.ts';
import { checkAudit } from '../domain/audit-check.ts';
import { type AuditCheckpoint, keyIdOf, publicPem, signCheckpoint } from '../domain/audit-checkpoint.ts';
import type { CharterTables } from '../tables.ts';

/** One writer at a time, so that the chain has no forks; taken last in every transaction. */
const chainLock = 5_120_447;
const batch = 1_000;

/**
 * Locks the chain, then reads its end and the time, in one trip: the second statement sees what was committed while the
 * first waited, and both take no parameters.
 */
const lockedEnd = sql.raw<{ now: Date } & ({ seq: string; hash: string } | { seq: null; hash: null })>(`
  select pg_advisory_xact_lock(${String(chainLock)});
  select clock_timestamp() as now, seq, hash
  from (select) as always left join (select seq, hash from charter.audit order by seq desc limit 1) as newest on true`);

/** Adds entries to the chain as part of a transaction: what is not committed was never audited. */
export async function appendAudit(tx: Tx<CharterTables>, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const { rows } = await lockedEnd.execute(tx.db);
  const [end] = rows;
  if (!end) throw new Error('the end of the audit chain could not be read');
  const head = end.seq === null ? emptyChain : { seq: Number(end.seq), hash: end.hash };
  const records = chainOn(head, entries, end.now.toISOString());
  await tx.db
    .insertInto('audit')
    .columns(['seq', 'at', 'actor', 'action', 'subject', 'data', 'prev_hash', 'hash'])
    .expression(sql`select * from ${rowsOf(records, columns)}`)
    .execute();
}

const columns: readonly Column<AuditRecord>[] = [
  { type: 'bigint', of: ({ seq }) => String(seq) },
  { type: 'text', of: (record) => record.at },
  { type: 'text', of: ({ actor }) => actor },
  { type: 'text', of: ({ action }) => action },
  { type: 'text', of: ({ subject }) => subject },
  { type: 'text', of: ({ data }) => JSON.stringify(data) },
  { type: 'text', of: ({ prevHash }) => prevHash },
  { type: 'text', of: ({ hash }) => hash },
];

async function headOf({ db }: Pick<Tx<CharterTables>, 'db'>): Promise<AuditHead> {
  const row = await db.selectFrom('audit').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1).executeTakeFirst();
  return row ? { seq: Number(row.seq), hash: row.hash } : emptyChain;
}

const recordFrom = (row: CharterTables['audit']): AuditRecord => ({
  seq: Number(row.seq),
  at: row.at,
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  data: JSON.parse(row.data) as Record<string, unknown>,
  prevHash: row.prev_hash,
  hash: row.hash,
});

const Anchor = z.strictObject({
  seq: z.int(),
  hash: z.string(),
  at: z.string(),
  keyId: z.string(),
  signature: z.string(),
});

export interface AuditVerdict {
  readonly valid: boolean;
  readonly records: number;
  readonly checkpoints: number;
  readonly head: AuditHead;
  readonly firstBroken: AuditBreach | null;
}

/**
 * Reads, signs and verifies the chain. The newest checkpoint is also kept outside Postgres, at `anchorPath`, so that
 * cutting off the end of both tables shows.
 */
export function auditLog(store: Store<CharterTables>, key: KeyObject, anchorPath: string) {
  const publicKey = publicPem(key);
  const keyId = keyIdOf(publicKey);

  async function* records(): AsyncGenerator<AuditRecord> {
    for (let after = 0; ; ) {
      const rows = await store.db
        .selectFrom('audit')
        .selectAll()
        .where('seq', '>', String(after))
        .orderBy('seq')
        .limit(batch)
        .execute();
      for (const row of rows) yield recordFrom(row);
      const last = rows.at(-1);
      if (!last || rows.length < batch) return;
      after = Number(last.seq);
    }
  }

  async function checkpoints(): Promise<AuditCheckpoint[]> {
    const rows = await store.db.selectFrom('audit_checkpoint').selectAll().orderBy('seq').execute();
    const stored = rows.map((row) => ({
      seq: Number(row.seq),
      hash: row.hash,
      at: row.at,
      keyId: row.key_id,
      signature: row.signature,
    }));
    const anchor = await anchored();
    return anchor === null ? stored : [...stored, anchor];
  }

  async function anchored(): Promise<AuditCheckpoint | null> {
    const text = await readFile(anchorPath, 'utf8').catch(() => null);
    return text === null ? null : Anchor.parse(JSON.parse(text));
  }

  async function knownKeys(): Promise<Map<string, string>> {
    const rows = await store.db.selectFrom('audit_key').select(['id', 'public_key']).execute();
    return new Map([...rows.map(({ id, public_key }) => [id, public_key] as const), [keyId, publicKey]]);
  }

  return {
    publicKey,
    records,
    head: () => headOf(store),
    /** Signs the end of the chain unless it is signed already. @returns the checkpoint of the newest record */
    async checkpoint(): Promise<AuditCheckpoint | null> {
      const head = await headOf(store);
      if (head.seq === 0) return null;
      const signed = signCheckpoint(head, new Date().toISOString(), key);
      const inserted = await store.transaction(async ({ db }) => {
        await db
          .insertInto('audit_key')
          .values({ id: keyId, public_key: publicKey })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute();
        return db
          .insertInto('audit_checkpoint')
          .values({
            seq: String(signed.seq),
            hash: signed.hash,
            at: signed.at,
            key_id: keyId,
            signature: signed.signature,
          })
          .onConflict((conflict) => conflict.column('seq').doNothing())
          .returning('seq')
          .executeTakeFirst();
      });
      if (inserted) await writeFile(anchorPath, JSON.stringify(signed), { mode: 0o600 });
      return signed;
    },
    async page({ limit, cursor }: { limit: number; cursor?: string | undefined }) {
      let rows = store.db
        .selectFrom('audit')
        .selectAll()
        .orderBy('seq', 'desc')
        .limit(limit + 1);
      if (cursor !== undefined) rows = rows.where('seq', '<', cursor);
      const items = (await rows.execute()).map(recordFrom);
      const page = items.slice(0, limit);
      const last = page.at(-1);
      return { items: page, nextCursor: items.length > limit && last ? String(last.seq) : null };
    },
    async verify(): Promise<AuditVerdict> {
      const signed = await checkpoints();
      const check = checkAudit(signed, await knownKeys());
      for await (const record of records()) if (!check.record(record)) break;
      const firstBroken = check.end();
      return {
        valid: firstBroken === null,
        records: check.head.seq,
        checkpoints: signed.length,
        head: check.head,
        firstBroken,
      };
    },
  };
}
export type AuditLog = ReturnType<typeof auditLog>;
