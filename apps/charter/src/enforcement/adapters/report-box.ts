import { randomBytes } from 'node:crypto';
import { CharterError, type PageQuery } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { CharterTables } from '../../tables.ts';

export interface Report {
  readonly text: string;
  readonly subject: string | null;
  readonly channel: string;
}

/** Crockford's base 32, as ULIDs have it, but without a time in front. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const randomId = (): string => Array.from(randomBytes(26), (byte) => alphabet[byte % 32]).join('');

/**
 * Reports of people who must stay unknown: kept with the day, in no order, under a random id, and in a transaction
 * that nothing else happens in. The audit log only learns later how many there were.
 */
export function reportBox(store: Store<CharterTables>) {
  return {
    async drop({ text, subject, channel }: Report): Promise<string> {
      const id = randomId();
      try {
        await store.db.insertInto('report').values({ id, text, subject, channel }).execute();
      } catch {
        // Neither the cause nor the text may reach a log.
        throw new CharterError('upstream-unavailable', 'The report could not be kept, please try again');
      }
      return id;
    },
    async page({ limit, cursor }: PageQuery) {
      let rows = store.db
        .selectFrom('report')
        .select(['id', sql<string>`received_on::text`.as('received_on'), 'channel', 'subject', 'text'])
        .orderBy('received_on', 'desc')
        .orderBy('id')
        .limit(limit + 1);
      const [day, id] = cursor?.split('~') ?? [];
      if (day !== undefined && id !== undefined) {
        rows = rows.where(sql<boolean>`(received_on::text < ${day} or (received_on::text = ${day} and id > ${id}))`);
      }
      const found = await rows.execute();
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return { items, nextCursor: found.length > limit && last ? `${last.received_on}~${last.id}` : null };
    },
    /** Audits how many reports came since the last time. */
    async count(): Promise<void> {
      await store.transaction(async (tx) => {
        const counted = await tx.db
          .updateTable('report')
          .set({ is_counted: true })
          .where('is_counted', '=', false)
          .returning('id')
          .execute();
        if (counted.length === 0) return;
        const entry = {
          actor: 'anonymous',
          action: 'reports.received',
          subject: 'reports',
          data: { count: counted.length },
        };
        await appendAudit(tx, [entry]);
      });
    },
  };
}
export type ReportBox = ReturnType<typeof reportBox>;
