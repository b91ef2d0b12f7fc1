import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { Governance } from '../../adapters/governance.ts';
import type { CharterTables } from '../../tables.ts';
import { type CommitteeLog, castVote, tallyOf, type Vote } from '../adapters/committee-log.ts';
import type { EventLog } from '../adapters/event-log.ts';
import type { InvestigationLog } from '../adapters/investigation-log.ts';
import type { OverrideLog } from '../adapters/override-log.ts';
import { majorityOf } from '../domain/committee-status.ts';

export interface TakeVoteDeps {
  readonly store: Store<CharterTables>;
  readonly committee: CommitteeLog;
  readonly overrides: OverrideLog;
  readonly investigations: InvestigationLog;
  readonly events: EventLog;
  readonly governance: Pick<Governance, 'refresh'>;
}

export interface VoteResult {
  readonly subject: string;
  readonly approve: number;
  readonly reject: number;
  readonly quorum: number;
  readonly status: 'pending' | 'approved' | 'rejected';
}

/** Takes a member's vote; the one that completes an override's quorum puts it in force. */
export function takeVote({ store, committee, overrides, investigations, events, governance }: TakeVoteDeps) {
  return async (vote: Vote): Promise<VoteResult> => {
    const { subject } = vote;
    if (await overrides.find(subject)) {
      const { status, quorum } = await overrides.vote(vote);
      await governance.refresh();
      const answer = status === 'active' ? 'approved' : status === 'rejected' ? 'rejected' : 'pending';
      return { subject, ...(await tallyOf(store, subject)), quorum, status: answer };
    }
    const isKnown = (await investigations.find(subject)) !== null || (await events.find(subject)) !== null;
    if (!isKnown) throw new CharterError('not-found', `Nothing ${subject} to vote on`);
    const tally = await store.transaction(async (tx) => {
      const counted = await castVote(tx, vote);
      const data = { vote: vote.vote, reason: vote.reason, ...counted };
      await appendAudit(tx, [{ actor: vote.by, action: 'committee.voted', subject, data }]);
      return counted;
    });
    const quorum = majorityOf(await committee.countMembers());
    const status = tally.approve >= quorum ? 'approved' : tally.reject >= quorum ? 'rejected' : 'pending';
    return { subject, ...tally, quorum, status };
  };
}
export type TakeVote = ReturnType<typeof takeVote>;
