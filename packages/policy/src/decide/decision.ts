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

/** What is decided, whatever the request: made once for each rule, so that a decision need only point to it. */
export interface Verdict {
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
}

/** What else was met on the way to a decision; most have nothing of it. */
export interface Aside {
  /** Conditions that failed. */
  readonly errors: readonly ConditionError[];
  /** Rules in `warn` or `shadow` that would have taken part. */
  readonly observed: readonly CompiledRule[];
}

export const noAside: Aside = { errors: [], observed: [] };

/**
 * The Charter's answer. It holds references, not text: `explain` and `reasonsOf` render it when somebody asks. Do not
 * change the request afterwards.
 */
export class PolicyDecision implements Verdict, Aside {
  readonly request: PolicyRequest;
  readonly snapshot: PolicySnapshot;
  private readonly verdict: Verdict;
  private readonly aside: Aside;

  constructor(snapshot: PolicySnapshot, request: PolicyRequest, verdict: Verdict, aside: Aside) {
    this.request = request;
    this.snapshot = snapshot;
    this.verdict = verdict;
    this.aside = aside;
  }

  get effect(): Effect {
    return this.verdict.effect;
  }
  get code(): DecisionCode {
    return this.verdict.code;
  }
  get rule(): RuleRef | null {
    return this.verdict.rule;
  }
  get override(): Override | null {
    return this.verdict.override;
  }
  get matched(): readonly CompiledRule[] {
    return this.verdict.matched;
  }
  get obligations(): Obligations {
    return this.verdict.obligations;
  }
  get automation(): AutomationMode | null {
    return this.verdict.automation;
  }
  get errors(): readonly ConditionError[] {
    return this.aside.errors;
  }
  get observed(): readonly CompiledRule[] {
    return this.aside.observed;
  }
}
