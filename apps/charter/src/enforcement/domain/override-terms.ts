import type { Policy } from '@charter/policy';
import { majorityOf } from './committee-status.ts';

/** What the active policies demand of emergency overrides: the strictest of them all. */
export interface OverrideTerms {
  readonly isEnabled: boolean;
  /** Longest time between renewals. */
  readonly renewalSeconds: number;
  /** Longest time in all. */
  readonly mostSeconds: number;
  readonly quorum: number;
}

const hour = 3_600;
/** Used where no policy says anything. */
const defaults = { renewalHours: 4, mostHours: 24 };

export function overrideTerms(policies: readonly Policy[], members: number): OverrideTerms {
  const sections = policies.flatMap((policy) =>
    policy.form === 'classic' && policy.document.emergency_override ? [policy.document.emergency_override] : [],
  );
  const renewals = sections.flatMap(({ auto_renewal_hours: hours = 0 }) => (hours > 0 ? [hours] : []));
  const longest = sections.flatMap(({ max_duration_hours: hours = 0 }) => (hours > 0 ? [hours] : []));
  const shares = sections.flatMap(({ requires_dao_vote, requires_minimum_quorum_percent: percent }) => [
    requires_dao_vote === true ? majorityOf(members) : 1,
    percent === undefined ? 1 : Math.ceil((members * percent) / 100),
  ]);
  const mostSeconds = Math.min(...longest, longest.length === 0 ? defaults.mostHours : Number.POSITIVE_INFINITY) * hour;
  const renewal =
    Math.min(...renewals, renewals.length === 0 ? defaults.renewalHours : Number.POSITIVE_INFINITY) * hour;
  return {
    isEnabled: sections.every(({ enabled }) => enabled !== false),
    mostSeconds,
    renewalSeconds: Math.min(renewal, mostSeconds),
    quorum: Math.max(1, ...shares),
  };
}
