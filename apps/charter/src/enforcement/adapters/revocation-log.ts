import { CharterError, type PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import { digestOf } from '../../domain/digest.ts';
import type { CharterTables } from '../../tables.ts';
import type { DomainMetrics } from '../metrics.ts';
import type { DataHolder, Removal, RevocationScope } from './data-holders.ts';

export type RevocationRow = Omit<CharterTables['revocation'], 'requested_at' | 'due_at' | 'tries'> & {
  requested_at: Date;
  due_at: Date;
  tries: number;
};

export interface RevocationProof {
  readonly removals: readonly Removal[];
  /** SHA-256 over what was revoked and what each holder did; the audit log has the same. */
  readonly digest: string;
}

export interface RevocationOptions {
  readonly store: Store<CharterTables>;
  readonly holders: readonly DataHolder[];
  readonly metrics: DomainMetrics;
}

/** While one replica works on it no other does. */
const leaseSeconds = 30;
const longestDelaySeconds = 600;

/** Revocations of data: carried out by every holder, and complete only when each shows that nothing remains. */
export function revocationLog({ store, holders, metrics }: RevocationOptions) {
  const find = async (id: string): Promise<RevocationRow> => {
    const row = await store.db.selectFrom('revocation').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw new CharterError('not-found', `No revocation ${id}`);
    return row;
  };

  async function carryOut(row: RevocationRow): Promise<void> {
    const scope = JSON.parse(row.scope) as RevocationScope;
    const removals: Removal[] = [];
    for (const holder of holders) removals.push(await holder.remove(scope));
    const isComplete = removals.every(({ remaining }) => remaining === 0);
    const proof: RevocationProof = { removals, digest: digestOf([row.id, scope, removals]) };
    const delay = Math.min(longestDelaySeconds, 2 ** row.tries);
    const seconds = await store.transaction(async (tx) => {
      const updated = await tx.db
        .updateTable('revocation')
        .set({
          proof: JSON.stringify(proof),
          status: isComplete ? 'completed' : 'incomplete',
          ...(isComplete ? { completed_at: sql<Date>`clock_timestamp()` } : {}),
          due_at: sql<Date>`now() + make_interval(secs => ${delay})`,
        })
        .where('id', '=', row.id)
        .where('status', '<>', 'completed')
        .returning(sql<number>`extract(epoch from clock_timestamp() - requested_at)::float`.as('seconds'))
        .executeTakeFirst();
      if (!updated || !isComplete) return null;
      await appendAudit(tx, [
        { actor: 'charter', action: 'revocation.completed', subject: row.id, data: { scope, ...proof } },
      ]);
      return updated.seconds;
    });
    if (seconds !== null) metrics.revocationCompleted(seconds);
  }

  return {
    find,
    async page(query: PageQuery) {
      let rows = store.db
        .selectFrom('revocation')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      return pageFrom(await rows.execute(), query);
    },
    /** Takes it up and carries it out at once; what a holder could not do yet is tried again. */
    async request(asked: { reason: string; scope: RevocationScope; by: string }): Promise<RevocationRow> {
      const { reason, scope, by } = asked;
      const node = scope.source ?? 'all';
      const row = await store.transaction(async (tx) => {
        const inserted = await tx.db
          .insertInto('revocation')
          .values({
            id: newId(),
            reason,
            scope: JSON.stringify(scope),
            node_or_service: node,
            status: 'pending',
            requested_by: by,
            requested_at: sql<Date>`clock_timestamp()`,
            due_at: sql<Date>`now() + make_interval(secs => ${leaseSeconds})`,
            tries: 1,
            completed_at: null,
            proof: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        await appendAudit(tx, [
          { actor: by, action: 'revocation.requested', subject: inserted.id, data: { reason, scope } },
        ]);
        return inserted;
      });
      metrics.revoked(reason, node);
      await carryOut(row);
      return find(row.id);
    },
    /** Tries again what is due. */
    async settle(): Promise<void> {
      const due = await store.db
        .updateTable('revocation')
        .set({ due_at: sql<Date>`now() + make_interval(secs => ${leaseSeconds})`, tries: sql<number>`tries + 1` })
        .where('status', '<>', 'completed')
        .where('due_at', '<=', sql<Date>`now()`)
        .returningAll()
        .execute();
      for (const row of due) await carryOut(row);
    },
  };
}
export type RevocationLog = ReturnType<typeof revocationLog>;
