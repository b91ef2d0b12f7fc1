import { CharterError, type PageQuery } from '@charter/shared/contracts';
import { pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { CharterTables } from '../../tables.ts';

export interface Vote {
  readonly subject: string;
  readonly vote: 'approve' | 'reject';
  readonly reason: string | null;
  readonly by: string;
}

export interface Tally {
  readonly approve: number;
  readonly reject: number;
}

/** Who sits on the committee, and how they voted. */
export function committeeLog(store: Store<CharterTables>) {
  return {
    members: () =>
      store.db.selectFrom('committee_member').selectAll().orderBy('added_at', 'desc').orderBy('name').execute(),
    countMembers: () => countMembers(store),
    /** Throws `conflict` when they are a member. */
    async add(name: string, contact: string | null, by: string): Promise<void> {
      await store.transaction(async (tx) => {
        const added = await tx.db
          .insertInto('committee_member')
          .values({ name, contact, added_by: by })
          .onConflict((conflict) => conflict.doNothing())
          .returning('name')
          .executeTakeFirst();
        if (!added) throw new CharterError('conflict', `${name} is a member already`);
        await appendAudit(tx, [{ actor: by, action: 'committee.member-added', subject: name, data: {} }]);
      });
    },
    async remove(name: string, by: string): Promise<void> {
      await store.transaction(async (tx) => {
        const removed = await tx.db
          .deleteFrom('committee_member')
          .where('name', '=', name)
          .returning('name')
          .executeTakeFirst();
        if (!removed) throw new CharterError('not-found', `${name} is no member`);
        await appendAudit(tx, [{ actor: by, action: 'committee.member-removed', subject: name, data: {} }]);
      });
    },
    async votes({ subject, limit }: { subject?: string | undefined; limit: number }) {
      let rows = store.db.selectFrom('committee_vote').selectAll().orderBy('at', 'desc').orderBy('member').limit(limit);
      if (subject !== undefined) rows = rows.where('subject', '=', subject);
      return rows.execute();
    },
    async notices(query: PageQuery) {
      let rows = store.db
        .selectFrom('committee_notice')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      return pageFrom(await rows.execute(), query);
    },
  };
}
export type CommitteeLog = ReturnType<typeof committeeLog>;

async function countMembers({ db }: Pick<Tx<CharterTables>, 'db'>): Promise<number> {
  const { count } = await db
    .selectFrom('committee_member')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .executeTakeFirstOrThrow();
  return Number(count);
}

/**
 * Takes a vote; a later one of the same member replaces it. A committee with members hears only them.
 * Throws `action-denied`.
 */
export async function castVote(tx: Tx<CharterTables>, { subject, vote, reason, by }: Vote): Promise<Tally> {
  const isMember = await tx.db.selectFrom('committee_member').select('name').where('name', '=', by).executeTakeFirst();
  if (!isMember && (await countMembers(tx)) > 0) {
    throw new CharterError('action-denied', `${by} is no member of the committee`);
  }
  await tx.db
    .insertInto('committee_vote')
    .values({ subject, member: by, vote, reason })
    .onConflict((conflict) =>
      conflict.columns(['subject', 'member']).doUpdateSet({ vote, reason, at: sql<Date>`now()` }),
    )
    .execute();
  return tallyOf(tx, subject);
}

export async function tallyOf({ db }: Pick<Tx<CharterTables>, 'db'>, subject: string): Promise<Tally> {
  const votes = await db.selectFrom('committee_vote').select('vote').where('subject', '=', subject).execute();
  const approve = votes.filter(({ vote }) => vote === 'approve').length;
  return { approve, reject: votes.length - approve };
}
