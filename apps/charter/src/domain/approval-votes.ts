/** People who may answer for a group, and the group that may too once they kept silent for half the time. */
export interface ApproverGroup {
  readonly members: ReadonlySet<string>;
  readonly next: string | null;
}

/** Groups by name; null when none are configured and every approver may answer for all. */
export type ApproverGroups = ReadonlyMap<string, ApproverGroup> | null;

/** What an approval needs. */
export interface VoteRules {
  /** Distinct people who must approve, in each of the groups if there are several. */
  readonly quorum: number;
  readonly approvers: readonly string[];
  /** Who asked must not approve. */
  readonly fourEyes: boolean;
  readonly requesters: readonly string[];
  /** Half the time has passed in silence: the next groups may answer as well. */
  readonly isEscalated: boolean;
}

export interface CastVote {
  readonly by: string;
  readonly vote: 'approve' | 'reject';
}

/** The groups that a question goes to when those it was for keep silent. */
export const nextGroups = (approvers: readonly string[], groups: ApproverGroups): string[] => [
  ...new Set(approvers.flatMap((group) => groups?.get(group)?.next ?? [])),
];

function isIn(group: string, person: string, groups: ApproverGroups, isEscalated: boolean): boolean {
  if (groups === null) return true;
  const own = groups.get(group);
  if (own?.members.has(person)) return true;
  return isEscalated && own !== undefined && own.next !== null && (groups.get(own.next)?.members.has(person) ?? false);
}

/** Why somebody may not cast this vote; null when they may. */
export function voteRefusal({ by, vote }: CastVote, rules: VoteRules, groups: ApproverGroups): string | null {
  if (vote === 'approve' && rules.fourEyes && rules.requesters.includes(by)) {
    return `${by} asked for this and cannot approve it: four eyes are demanded`;
  }
  const { approvers } = rules;
  if (approvers.length > 0 && !approvers.some((group) => isIn(group, by, groups, rules.isEscalated))) {
    return `${by} belongs to none of ${approvers.join(', ')}`;
  }
  return null;
}

/** What the votes so far come to. One rejection ends it; approval needs the quorum of every group that was named. */
export function tallyOf(
  votes: readonly CastVote[],
  { quorum, approvers, isEscalated }: VoteRules,
  groups: ApproverGroups,
): 'pending' | 'approved' | 'rejected' {
  if (votes.some(({ vote }) => vote === 'reject')) return 'rejected';
  const people = [...new Set(votes.map(({ by }) => by))];
  const isEnough = (group: string | null): boolean =>
    people.filter((person) => group === null || isIn(group, person, groups, isEscalated)).length >= quorum;
  return (approvers.length === 0 ? [null] : approvers).every(isEnough) ? 'approved' : 'pending';
}
