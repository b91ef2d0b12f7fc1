import { compileOverrides, MatchDocument, type Override } from '@charter/policy';
import { CharterError, type PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import { lockGovernance, raiseGeneration } from '../../adapters/generation.ts';
import type { CharterTables } from '../../tables.ts';
import type { OverrideTerms } from '../domain/override-terms.ts';
import type { DomainMetrics } from '../metrics.ts';
import { castVote, type Vote } from './committee-log.ts';

export type OverrideRow = Omit<CharterTables['emergency_override'], 'requested_at' | 'renewals'> & {
  requested_at: Date;
  renewals: number;
};

export interface NewOverride {
  readonly effect: 'allow' | 'deny';
  readonly match: MatchDocument;
  readonly reason: string;
  readonly ttlSeconds: number;
  /** More votes than the policies demand. */
  readonly quorum?: number | undefined;
  readonly by: string;
}

/** How long a request may wait for its quorum. */
const votingSeconds = 900;

/** Emergency overrides: they come before every rule, need their quorum, and end by themselves. */
export function overrideLog(store: Store<CharterTables>, metrics: DomainMetrics) {
  /** Its quorum is there: from now on it holds. */
  async function begin(tx: Tx<CharterTables>, row: OverrideRow): Promise<OverrideRow> {
    const begun = await tx.db
      .updateTable('emergency_override')
      .set({
        status: 'active',
        starts_at: sql<Date>`clock_timestamp()`,
        expires_at: sql<Date>`clock_timestamp() + make_interval(secs => ttl_seconds)`,
      })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await raiseGeneration(tx);
    return begun;
  }

  async function locked(tx: Tx<CharterTables>, id: string): Promise<OverrideRow> {
    await lockGovernance(tx);
    const row = await tx.db.selectFrom('emergency_override').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) throw new CharterError('not-found', `No override ${id}`);
    return row;
  }

  async function end(
    tx: Tx<CharterTables>,
    id: string,
    how: { status: 'ended' | 'expired' | 'rejected'; by: string; reason: string },
  ): Promise<OverrideRow> {
    const ended = await tx.db
      .updateTable('emergency_override')
      .set({ status: how.status, ended_at: sql<Date>`now()`, ended_by: how.by, end_reason: how.reason })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    await raiseGeneration(tx);
    const data = { reason: how.reason };
    await appendAudit(tx, [{ actor: how.by, action: `override.${how.status}`, subject: id, data }]);
    return ended;
  }

  return {
    /** The overrides that hold now, for the layer above all rules. */
    async inForce(): Promise<Override[]> {
      const rows = await store.db
        .selectFrom('emergency_override')
        .selectAll()
        .where('status', '=', 'active')
        .where('expires_at', '>', sql<Date>`now()`)
        .execute();
      return rows.flatMap((row) =>
        row.starts_at && row.expires_at
          ? [
              {
                id: row.id,
                effect: row.effect === 'deny' ? ('deny' as const) : ('allow' as const),
                match: MatchDocument.parse(JSON.parse(row.match)),
                reason: row.reason,
                startsAt: Math.min(row.starts_at.getTime(), Date.now()),
                expiresAt: row.expires_at.getTime(),
              },
            ]
          : [],
      );
    },
    async page(query: PageQuery & { status?: string | undefined }) {
      let rows = store.db
        .selectFrom('emergency_override')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.status) rows = rows.where('status', '=', query.status);
      return pageFrom(await rows.execute(), query);
    },
    async find(id: string): Promise<OverrideRow | null> {
      return (
        (await store.db.selectFrom('emergency_override').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
      );
    },
    /** Asks for an override; who asks has voted for it, and with that it may hold at once. */
    async request(asked: NewOverride, terms: OverrideTerms): Promise<OverrideRow> {
      const { effect, match, reason, ttlSeconds, by } = asked;
      if (!terms.isEnabled)
        throw new CharterError('action-denied', 'The active policies permit no emergency overrides');
      if (ttlSeconds > terms.renewalSeconds) {
        const detail = `An override lasts at most ${String(terms.renewalSeconds)} s until it is renewed`;
        throw new CharterError('request-invalid', detail, { errors: [{ pointer: '/ttlSeconds', detail }] });
      }
      const quorum = Math.max(terms.quorum, asked.quorum ?? 1);
      const trial = compileOverrides([{ id: 'new', effect, match, reason, startsAt: 0, expiresAt: 1 }]);
      if (!trial.ok) throw new CharterError('request-invalid', trial.errors[0]?.detail ?? 'The selector is malformed');
      const row = await store.transaction(async (tx) => {
        await lockGovernance(tx);
        const inserted = await tx.db
          .insertInto('emergency_override')
          .values({
            id: newId(),
            effect,
            match: JSON.stringify(match),
            reason,
            status: 'pending',
            requested_by: by,
            quorum,
            ttl_seconds: ttlSeconds,
            most_seconds: terms.mostSeconds,
            due_at: sql<Date>`now() + make_interval(secs => ${votingSeconds})`,
            starts_at: null,
            expires_at: null,
            ended_at: null,
            ended_by: null,
            end_reason: null,
          })
          .returningAll()
          .executeTakeFirstOrThrow();
        const tally = await voteOrNone(tx, { subject: inserted.id, vote: 'approve', reason, by });
        const isEnough = tally >= quorum;
        const result = isEnough ? await begin(tx, inserted) : inserted;
        const data = { effect, match, reason, ttlSeconds, quorum, status: result.status };
        await appendAudit(tx, [{ actor: by, action: 'override.requested', subject: inserted.id, data }]);
        return result;
      });
      if (row.status === 'active') metrics.overridden(reason, by);
      return row;
    },
    /** A member's voice for or against one that waits. */
    async vote({ subject, vote, reason, by }: Vote): Promise<OverrideRow> {
      const row = await store.transaction(async (tx) => {
        const before = await locked(tx, subject);
        if (before.status !== 'pending') throw new CharterError('conflict', `The override is ${before.status}`);
        const tally = await castVote(tx, { subject, vote, reason, by });
        if (vote === 'reject') return end(tx, subject, { status: 'rejected', by, reason: reason ?? 'rejected' });
        const result = tally.approve >= before.quorum ? await begin(tx, before) : before;
        const data = { approve: tally.approve, quorum: before.quorum, status: result.status };
        await appendAudit(tx, [{ actor: by, action: 'override.voted', subject, data }]);
        return result;
      });
      if (row.status === 'active') metrics.overridden(row.reason, row.requested_by);
      return row;
    },
    /** Lets it hold for its time again from now, within its longest time. */
    async renew(id: string, { reason, by }: { reason: string; by: string }): Promise<OverrideRow> {
      return store.transaction(async (tx) => {
        const row = await locked(tx, id);
        if (row.status !== 'active') throw new CharterError('conflict', `The override is ${row.status}`);
        const renewed = await tx.db
          .updateTable('emergency_override')
          .set({
            renewals: sql<number>`renewals + 1`,
            expires_at: sql<Date>`least(now() + make_interval(secs => ttl_seconds), starts_at + make_interval(secs => most_seconds))`,
          })
          .where('id', '=', id)
          .where('expires_at', '>', sql<Date>`now()`)
          .returningAll()
          .executeTakeFirst();
        if (!renewed) throw new CharterError('conflict', 'The override has ended');
        await raiseGeneration(tx);
        const data = { reason, renewals: renewed.renewals, expiresAt: renewed.expires_at?.toISOString() ?? null };
        await appendAudit(tx, [{ actor: by, action: 'override.renewed', subject: id, data }]);
        return renewed;
      });
    },
    async end(id: string, { by, reason }: { by: string; reason: string }): Promise<OverrideRow> {
      return store.transaction(async (tx) => {
        const row = await locked(tx, id);
        if (row.status !== 'active' && row.status !== 'pending') {
          throw new CharterError('conflict', `The override is ${row.status}`);
        }
        return end(tx, id, { status: 'ended', by, reason });
      });
    },
    /** Ends what is over. @returns how many hold */
    async settle(): Promise<number> {
      const standing = await store.db
        .selectFrom('emergency_override')
        .select(['id', sql<boolean>`coalesce(expires_at, due_at) <= now()`.as('is_over'), 'status'])
        .where('status', 'in', ['pending', 'active'])
        .execute();
      const over = standing.filter(({ is_over }) => is_over);
      for (const { id } of over) {
        await store.transaction(async (tx) => {
          const row = await locked(tx, id);
          const isOver = (row.expires_at ?? row.due_at).getTime() <= Date.now();
          if (isOver && (row.status === 'active' || row.status === 'pending')) {
            const reason = row.status === 'active' ? 'its time is over' : 'its quorum did not come together in time';
            await end(tx, id, { status: 'expired', by: 'charter', reason });
          }
        });
      }
      return standing.filter(({ is_over, status }) => !is_over && status === 'active').length;
    },
  };
}
export type OverrideLog = ReturnType<typeof overrideLog>;

/** Votes for it, counted; who is no member of a committee with members asks without a voice. */
async function voteOrNone(tx: Tx<CharterTables>, vote: Vote): Promise<number> {
  try {
    return (await castVote(tx, vote)).approve;
  } catch (error) {
    if (error instanceof CharterError && error.code === 'action-denied') return 0;
    throw error;
  }
}
