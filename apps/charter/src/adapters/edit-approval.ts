import { createHash } from 'node:crypto';
import { type Approval, ApprovalRequest, CharterError, canonicalJson } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { type ApproverGroups, voteRefusal } from '../domain/approval-votes.ts';
import { type Tightening, tightenObligations } from '../domain/tighten-obligations.ts';
import type { CharterTables } from '../tables.ts';
import { readApprovals, rulesOf, statusOf, withVotes } from './approval-rows.ts';
import { appendAudit } from './audit-log.ts';

/** Binds stricter obligations to the plan they were set for: SHA-256 over the hash before and them, in hex. */
const hashOf = (planHash: string, obligations: ApprovalRequest['obligations']): string =>
  createHash('sha256').update(canonicalJson({ planHash, obligations })).digest('hex');

/**
 * Lets people who may vote tighten what they are asked. The question is then bound to another hash and votes for the
 * one before are gone, so that nothing anybody approved earlier is let happen.
 */
export function editApproval(store: Store<CharterTables>, groups: ApproverGroups) {
  return (
    id: string,
    { by, tighten, reason }: { by: string; tighten: Tightening; reason: string | null },
  ): Promise<Approval> =>
    store.transaction(async (tx) => {
      const row = await readApprovals(tx.db).where('id', '=', id).forUpdate().executeTakeFirst();
      if (!row) throw new CharterError('not-found', `No approval ${id}`);
      if (statusOf(row) !== 'pending') throw new CharterError('conflict', `The approval is ${statusOf(row)}`);
      if (row.kind !== 'plan') throw new CharterError('conflict', `A ${row.kind} is approved as it is, or not`);
      const refusal = voteRefusal({ by, vote: 'reject' }, rulesOf(row), groups);
      if (refusal !== null) throw new CharterError('action-denied', refusal);
      const request = ApprovalRequest.parse(JSON.parse(row.body));
      const tightened = tightenObligations({ ...request.obligations, quorum: row.quorum }, tighten);
      if (!tightened.ok) throw new CharterError('conflict', tightened.refusal);
      const { obligations } = tightened;
      const planHash = hashOf(row.plan_hash, obligations);
      const quorum = obligations.quorum ?? row.quorum;
      const { numDeletedRows } = await tx.db
        .deleteFrom('approval_vote')
        .where('approval_id', '=', id)
        .executeTakeFirstOrThrow();
      await tx.db
        .updateTable('approval')
        .set({
          plan_hash: planHash,
          edited_from: row.edited_from ?? row.plan_hash,
          quorum,
          four_eyes: row.four_eyes || quorum > 1,
          body: JSON.stringify({ ...request, planHash, obligations }),
          notified_at: null,
        })
        .where('id', '=', id)
        .execute();
      const data = {
        planId: row.plan_id,
        planHash: { before: row.plan_hash, after: planHash },
        obligations: { before: request.obligations, after: obligations },
        votesDropped: Number(numDeletedRows),
        reason,
      };
      await appendAudit(tx, [{ actor: by, action: 'approval.edited', subject: id, data }]);
      const [approval] = await withVotes(tx.db, await readApprovals(tx.db).where('id', '=', id).execute());
      if (!approval) throw new Error('an approval that was just written is there');
      return approval;
    });
}
export type EditApproval = ReturnType<typeof editApproval>;
