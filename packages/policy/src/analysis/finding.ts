import type { RuleRef } from '../compile/compiled-rule.ts';
import type { PolicyRequest } from '../decide/request.ts';

/**
 * - `vacuous`: the rule matches no request.
 * - `shadowed`: one stronger rule decides wherever it matches.
 * - `redundant`: one rule of the same effect says the same wherever it matches.
 * - `dead`: several rules together do either.
 * - `overlap`: a denial takes part of what another rule grants.
 * - `conflicting-obligations`: rules that match together demand different amounts of the same duty.
 * - `gap`: a request that was seen meets the default alone.
 * - `not-compiled`: the policies cannot be decided together.
 * - `not-compared`: some pairs of rules were left out for their number.
 */
export type FindingKind =
  | 'vacuous'
  | 'shadowed'
  | 'redundant'
  | 'dead'
  | 'overlap'
  | 'conflicting-obligations'
  | 'gap'
  | 'not-compiled'
  | 'not-compared';

export type Severity = 'error' | 'warning' | 'info';

/** Something about policies that their authors may not have meant. */
export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** `unknown` where a condition could not be decided, or the witness did not reproduce. */
  readonly verdict: 'certain' | 'unknown';
  readonly detail: string;
  /** The rule that the finding is about, then the others. */
  readonly rules: readonly RuleRef[];
  /** A request that shows it, confirmed by `decide`; null for what no request can show. */
  readonly witness: PolicyRequest | null;
}

const order: readonly Severity[] = ['error', 'warning', 'info'];

/** Errors first; the order of the rules is kept. */
export const bySeverity = (a: Finding, b: Finding): number => order.indexOf(a.severity) - order.indexOf(b.severity);

export const placeOf = ({ policy, id, line }: RuleRef): string =>
  `${id} of ${policy}${line === null ? '' : ` (line ${String(line)})`}`;
