import type { Approval } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { type ApproverGroups, nextGroups } from '../domain/approval-votes.ts';
import type { CharterTables } from '../tables.ts';
import { isLapsed, readApprovals, rulesOf, withVotes } from './approval-rows.ts';
import { appendAudit } from './audit-log.ts';

/** A question to tell people of; `escalated` names the groups it went on to, and is null the first time. */
export interface DueNotice {
  readonly approval: Approval;
  readonly escalated: readonly string[] | null;
}

/** What the clock does to questions: notices, escalation after half the time, and the end. */
export function approvalDeadlines(store: Store<CharterTables>, groups: ApproverGroups) {
  return {
    /** Ends what nobody answered in time, a silence is no approval, and what was approved too long ago. */
    async expire(): Promise<number> {
      return store.transaction(async (tx) => {
        const late = await tx.db
          .updateTable('approval')
          .set({ status: 'expired', decided_at: sql<Date>`now()` })
          .where('status', '=', 'pending')
          .where('expires_at', '<=', sql<Date>`now()`)
          .returning(['id', 'plan_id'])
          .execute();
        const lapsed = await tx.db
          .updateTable('approval')
          .set({ status: 'expired' })
          .where('status', '=', 'approved')
          .where(isLapsed)
          .returning(['id', 'plan_id'])
          .execute();
        const told = (action: string, rows: typeof late) =>
          rows.map(({ id, plan_id }) => ({ actor: 'charter', action, subject: id, data: { planId: plan_id } }));
        await appendAudit(tx, [...told('approval.expired', late), ...told('approval.lapsed', lapsed)]);
        return late.length;
      });
    },
    /** Lets the next groups answer what nobody decided in half the time, and has people told again. */
    async escalate(): Promise<void> {
      await store.transaction(async (tx) => {
        const silent = await readApprovals(tx.db)
          .where('status', '=', 'pending')
          .where('escalated_at', 'is', null)
          .where(sql<boolean>`now() > created_at + (expires_at - created_at) / 2`)
          .forUpdate()
          .skipLocked()
          .execute();
        if (silent.length === 0) return;
        await tx.db
          .updateTable('approval')
          .set({ escalated_at: sql<Date>`now()`, notified_at: null })
          .where(
            'id',
            'in',
            silent.map(({ id }) => id),
          )
          .execute();
        await appendAudit(
          tx,
          silent.map((row) => ({
            actor: 'charter',
            action: 'approval.escalated',
            subject: row.id,
            data: { planId: row.plan_id, to: nextGroups(rulesOf(row).approvers, groups) },
          })),
        );
      });
    },
    /** Claims questions that no notice went out for yet; whoever claims them sends it. */
    async claimUnnotified(): Promise<DueNotice[]> {
      const claimed = await store.db
        .updateTable('approval')
        .set({ notified_at: sql<Date>`now()` })
        .where('status', '=', 'pending')
        .where('notified_at', 'is', null)
        .returningAll()
        .returning([sql<boolean>`expires_at <= now()`.as('is_late'), sql<boolean>`false`.as('is_lapsed')])
        .execute();
      const approvals = await withVotes(store.db, claimed);
      return claimed.flatMap((row, index) => {
        const approval = approvals[index];
        const escalated = row.escalated_at === null ? null : nextGroups(rulesOf(row).approvers, groups);
        return approval ? [{ approval, escalated }] : [];
      });
    },
    async releaseNotice(id: string): Promise<void> {
      await store.db.updateTable('approval').set({ notified_at: null }).where('id', '=', id).execute();
    },
  };
}
export type ApprovalDeadlines = ReturnType<typeof approvalDeadlines>;
