import type { CompiledRule, RuleRef } from '../compile/compiled-rule.ts';
import type { Obligations } from '../compile/obligations.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import type { AutomationMode, Effect } from '../document/native-document.ts';
import type { Override } from './overrides.ts';
import type { PolicyRequest } from './request.ts';

/**
 * Why the answer is what it is: an override, a rule that matched, a rule whose condition failed and therefore counts
 * as matched, nothing that matched, or a request that could not be read.
 */
export type DecisionCode = 'override' | 'rule' | 'condition-failed' | 'default-deny' | 'request-unreadable';

/** A condition that could not be evaluated. In deny and require-approval it counts as matched, in allow as not. */
export interface ConditionError {
  readonly rule: RuleRef;
  readonly detail: string;
  readonly countedAsMatched: boolean;
}

/**
 * The Charter's answer. It holds references, not text: `explain` and `reasonsOf` render it when somebody asks. Do not
 * change the request afterwards.
 */
export interface PolicyDecision {
  readonly effect: Effect;
  readonly code: DecisionCode;
  /** The deciding rule; null for an override and for the default. */
  readonly rule: RuleRef | null;
  readonly override: Override | null;
  /** The deciding rule and the matching rules whose duties are joined to its own, in the order tried. */
  readonly matched: readonly CompiledRule[];
  readonly obligations: Obligations;
  /** The lowest ceiling of the matched rules; null when none sets one. */
  readonly automation: AutomationMode | null;
  /** Conditions that failed on the way to the decision. */
  readonly errors: readonly ConditionError[];
  /** Rules in `warn` or `shadow` that would have taken part. */
  readonly observed: readonly CompiledRule[];
  readonly request: PolicyRequest;
  readonly snapshot: PolicySnapshot;
}
