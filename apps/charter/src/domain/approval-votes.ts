/** Who may answer for a group; null when no groups are configured and every approver may for all. */
export type ApproverGroups = ReadonlyMap<string, ReadonlySet<string>> | null;

/** What an approval needs. */
export interface VoteRules {
  /** Distinct people who must approve, in each of the groups if there are several. */
  readonly quorum: number;
  readonly approvers: readonly string[];
  /** Who asked must not approve. */
  readonly fourEyes: boolean;
  readonly requesters: readonly string[];
}

export interface CastVote {
  readonly by: string;
  readonly vote: 'approve' | 'reject';
}

const isIn = (group: string, person: string, groups: ApproverGroups): boolean =>
  groups === null || (groups.get(group)?.has(person) ?? false);

/** Why somebody may not cast this vote; null when they may. */
export function voteRefusal({ by, vote }: CastVote, rules: VoteRules, groups: ApproverGroups): string | null {
  if (vote === 'approve' && rules.fourEyes && rules.requesters.includes(by)) {
    return `${by} asked for this and cannot approve it: four eyes are demanded`;
  }
  const { approvers } = rules;
  if (approvers.length > 0 && !approvers.some((group) => isIn(group, by, groups))) {
    return `${by} belongs to none of ${approvers.join(', ')}`;
  }
  return null;
}

/** What the votes so far come to. One rejection ends it; approval needs the quorum of every group that was named. */
export function tallyOf(
  votes: readonly CastVote[],
  { quorum, approvers }: VoteRules,
  groups: ApproverGroups,
): 'pending' | 'approved' | 'rejected' {
  if (votes.some(({ vote }) => vote === 'reject')) return 'rejected';
  const people = [...new Set(votes.map(({ by }) => by))];
  const isEnough = (group: string | null): boolean =>
    people.filter((person) => group === null || isIn(group, person, groups)).length >= quorum;
  return (approvers.length === 0 ? [null] : approvers).every(isEnough) ? 'approved' : 'pending';
}
