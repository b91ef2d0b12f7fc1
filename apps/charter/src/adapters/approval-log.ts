import { type Approval, ApprovalRequest, CharterError, type PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { type ApproverGroups, tallyOf, voteRefusal } from '../domain/approval-votes.ts';
import type { CharterTables } from '../tables.ts';
import {
  type ApprovalRow,
  castFrom,
  fourEyesGroup,
  isLapsed,
  readApprovals,
  rulesOf,
  statusOf,
  withVotes,
} from './approval-rows.ts';
import { appendAudit } from './audit-log.ts';

/** What an approval lets happen: a plan of the loop, or a change of the Charter itself. */
export type ApprovalKind = 'plan' | 'policy' | 'pack';

export interface ApprovalOptions {
  readonly store: Store<CharterTables>;
  readonly groups: ApproverGroups;
  readonly withinSeconds: number;
}

/** The questions to people and their answers. */
export function approvalLog({ store, groups, withinSeconds }: ApprovalOptions) {
  async function find(id: string, db = store.db): Promise<Approval | null> {
    const row = await readApprovals(db).where('id', '=', id).executeTakeFirst();
    const [approval] = await withVotes(db, row ? [row] : []);
    return approval ?? null;
  }

  return {
    find: (id: string) => find(id),
    /** Asks people, once per plan and hash: asking again gives the same approval, whatever became of it. */
    async create(
      request: ApprovalRequest,
      { kind, by, fourEyes = false }: { kind: ApprovalKind; by: string; fourEyes?: boolean },
    ): Promise<{ approval: Approval; isNew: boolean }> {
      const quorum = request.obligations.quorum ?? 1;
      const within = Math.min(request.obligations.withinSeconds ?? withinSeconds, 30 * 86_400);
      return store.transaction(async (tx) => {
        const id = newId();
        const edited = await editedSince(tx, request);
        if (edited) return { approval: edited, isNew: false };
        const inserted = await tx.db
          .insertInto('approval')
          .values({
            id,
            kind,
            plan_id: request.planId,
            plan_hash: request.planHash,
            edited_from: null,
            status: 'pending',
            quorum,
            four_eyes: fourEyes || quorum > 1 || (request.obligations.approvers?.includes(fourEyesGroup) ?? false),
            body: JSON.stringify(request),
            created_by: by,
            expires_at: sql<Date>`now() + make_interval(secs => ${within})`,
            stands_until: null,
            decided_at: null,
            notified_at: null,
            settled_at: null,
            escalated_at: null,
          })
          .onConflict((conflict) => conflict.columns(['plan_id', 'plan_hash']).doNothing())
          .returning('id')
          .executeTakeFirst();
        if (inserted) {
          const data = { kind, planId: request.planId, planHash: request.planHash, title: request.title, quorum };
          await appendAudit(tx, [{ actor: by, action: 'approval.requested', subject: id, data }]);
        }
        const row = await readApprovals(tx.db)
          .where('plan_id', '=', request.planId)
          .where('plan_hash', '=', request.planHash)
          .executeTakeFirstOrThrow();
        const [approval] = await withVotes(tx.db, [row]);
        if (!approval) throw new Error('an approval that was just read is there');
        return { approval, isNew: inserted !== undefined };
      });
    },
    /** The question about this plan or change that still waits. */
    async pendingFor(planId: string): Promise<Approval | null> {
      const row = await readApprovals(store.db)
        .where('plan_id', '=', planId)
        .where('status', '=', 'pending')
        .where('expires_at', '>', sql<Date>`now()`)
        .orderBy('id', 'desc')
        .executeTakeFirst();
      const [approval] = await withVotes(store.db, row ? [row] : []);
      return approval ?? null;
    },
    /** Casts a vote. Throws `conflict` once it is decided or too late, and `action-denied` for who may not vote. */
    async vote(
      id: string,
      cast: { by: string; vote: 'approve' | 'reject'; reason: string | null; planHash?: string | undefined },
    ): Promise<Approval> {
      return store.transaction(async (tx) => {
        const row = await readApprovals(tx.db).where('id', '=', id).forUpdate().executeTakeFirst();
        if (!row) throw new CharterError('not-found', `No approval ${id}`);
        if (statusOf(row) !== 'pending') throw new CharterError('conflict', `The approval is ${statusOf(row)}`);
        if (cast.planHash !== undefined && cast.planHash !== row.plan_hash)
          throw new CharterError('conflict', 'The question was changed since; read it again before you answer');
        const rules = rulesOf(row);
        const refusal = voteRefusal(cast, rules, groups);
        if (refusal !== null) throw new CharterError('action-denied', refusal);
        const { by, vote, reason } = cast;
        await tx.db
          .insertInto('approval_vote')
          .values({ approval_id: id, by, vote, reason })
          .onConflict((conflict) =>
            conflict.columns(['approval_id', 'by']).doUpdateSet({ vote, reason, at: sql<Date>`now()` }),
          )
          .execute();
        const votes = await tx.db.selectFrom('approval_vote').selectAll().where('approval_id', '=', id).execute();
        const status = tallyOf(votes.map(castFrom), rules, groups);
        if (status !== 'pending') await decide(tx, row, status);
        const data = { vote, reason, status, votes: votes.length, quorum: row.quorum, planHash: row.plan_hash };
        await appendAudit(tx, [
          { actor: by, action: `approval.${vote === 'approve' ? 'approved' : 'rejected'}`, subject: id, data },
        ]);
        const approval = await find(id, tx.db);
        if (!approval) throw new Error('an approval that was just read is there');
        return approval;
      });
    },
    /** Takes a question back; one that is decided stays as it is. Only who asked may. */
    async withdraw(id: string, by: string, reason: string): Promise<Approval> {
      return store.transaction(async (tx) => {
        const row = await readApprovals(tx.db).where('id', '=', id).forUpdate().executeTakeFirst();
        if (!row) throw new CharterError('not-found', `No approval ${id}`);
        if (row.created_by !== by)
          throw new CharterError('action-denied', `${row.created_by} asked; only they take it back`);
        if (statusOf(row) === 'pending') {
          const vote = { approval_id: id, by, vote: 'reject', reason: `withdrawn: ${reason}` };
          await tx.db
            .insertInto('approval_vote')
            .values(vote)
            .onConflict((conflict) => conflict.columns(['approval_id', 'by']).doUpdateSet(vote))
            .execute();
          await decide(tx, row, 'rejected');
          await appendAudit(tx, [{ actor: by, action: 'approval.withdrawn', subject: id, data: { reason } }]);
        }
        const approval = await find(id, tx.db);
        if (!approval) throw new Error('an approval that was just read is there');
        return approval;
      });
    },
    async page(query: PageQuery & { status?: string | undefined }) {
      let rows = readApprovals(store.db)
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.status === 'pending')
        rows = rows.where('status', '=', 'pending').where('expires_at', '>', sql<Date>`now()`);
      else if (query.status === 'expired')
        rows = rows.where(
          sql<boolean>`(status = 'expired' or (status = 'pending' and expires_at <= now()) or ${isLapsed})`,
        );
      else if (query.status) rows = rows.where('status', '=', query.status).where(sql<boolean>`not ${isLapsed}`);
      return pageFrom(await withVotes(store.db, await rows.execute()), query);
    },
    async countPending(): Promise<number> {
      const { count } = await store.db
        .selectFrom('approval')
        .select((eb) => eb.fn.countAll<string>().as('count'))
        .where('status', '=', 'pending')
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  };
}
/** The question with this hash as people changed it since. */
async function editedSince(
  tx: Tx<CharterTables>,
  { planId, planHash }: ApprovalRequest,
): Promise<Approval | undefined> {
  const row = await readApprovals(tx.db)
    .where('plan_id', '=', planId)
    .where('edited_from', '=', planHash)
    .executeTakeFirst();
  const [approval] = await withVotes(tx.db, row ? [row] : []);
  return approval;
}

export type ApprovalLog = ReturnType<typeof approvalLog>;

async function decide(
  tx: Tx<CharterTables>,
  { id, body }: Pick<ApprovalRow, 'id' | 'body'>,
  status: 'approved' | 'rejected',
): Promise<void> {
  const { validForSeconds } = ApprovalRequest.parse(JSON.parse(body)).obligations;
  const isBounded = status === 'approved' && validForSeconds !== undefined;
  await tx.db
    .updateTable('approval')
    .set({
      status,
      decided_at: sql<Date>`now()`,
      ...(isBounded ? { stands_until: sql<Date>`now() + make_interval(secs => ${validForSeconds})` } : {}),
    })
    .where('id', '=', id)
    .execute();
}
