import { Approval, ApprovalRequest } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import type { VoteRules } from '../domain/approval-votes.ts';
import type { CharterTables } from '../tables.ts';

export type ApprovalRow = Omit<CharterTables['approval'], 'created_at'> & {
  created_at: Date;
  is_late: boolean;
  is_lapsed: boolean;
};
type VoteRow = Omit<CharterTables['approval_vote'], 'at'> & { at: Date };

/** Name under `approvers` that demands that nobody approves what they asked for themselves. */
export const fourEyesGroup = 'four-eyes';

type Db = Tx<CharterTables>['db'];

/** Given, and longer ago than the policy lets it stand. */
export const isLapsed = sql<boolean>`coalesce(status = 'approved' and stands_until <= now(), false)`;

export const readApprovals = (db: Db) =>
  db
    .selectFrom('approval')
    .selectAll()
    .select([sql<boolean>`expires_at <= now()`.as('is_late'), isLapsed.as('is_lapsed')]);

/** Rows as their contract says, with the votes on them. */
export async function withVotes(db: Db, rows: readonly ApprovalRow[]): Promise<Approval[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const votes = await db
    .selectFrom('approval_vote')
    .selectAll()
    .where('approval_id', 'in', ids)
    .orderBy('at')
    .execute();
  return rows.map((row) => approvalFrom(row, votes));
}

export const castFrom = ({ by, vote }: { by: string; vote: string }) =>
  ({ by, vote: vote === 'approve' ? vote : 'reject' }) as const;

/** An overdue question and an approval that no longer stands count as expired, also before the reaper came by. */
export const statusOf = ({ status, is_late, is_lapsed }: ApprovalRow): string =>
  (status === 'pending' && is_late) || is_lapsed ? 'expired' : status;

export function rulesOf(row: ApprovalRow): VoteRules {
  const { obligations, requestedBy } = ApprovalRequest.parse(JSON.parse(row.body));
  return {
    quorum: row.quorum,
    approvers: (obligations.approvers ?? []).filter((group) => group !== fourEyesGroup),
    fourEyes: row.four_eyes,
    requesters: [row.created_by, requestedBy],
    isEscalated: row.escalated_at !== null,
  };
}

const approvalFrom = (row: ApprovalRow, votes: readonly VoteRow[]): Approval =>
  Approval.parse({
    ...(JSON.parse(row.body) as object),
    id: row.id,
    editedFrom: row.edited_from,
    status: statusOf(row),
    quorum: row.quorum,
    votes: votes
      .filter(({ approval_id }) => approval_id === row.id)
      .map(({ by, vote, reason, at }) => ({ by, vote, reason, at: at.toISOString() })),
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    decidedAt: row.decided_at?.toISOString() ?? null,
  });
