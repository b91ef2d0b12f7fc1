import type { AutomationMode, Effect, Rollout } from '../document/native-document.ts';
import type { Policy, PolicyRule } from '../document/policy.ts';
import type { Condition } from './condition.ts';
import type { Glob } from './glob.ts';
import type { Obligations } from './obligations.ts';

/** Names a rule for people: which policy, which rule, which line. */
export interface RuleRef {
  readonly policy: string;
  readonly policyVersion: string | null;
  readonly id: string;
  readonly effect: Effect;
  readonly rollout: Rollout;
  readonly pointer: string;
  /** Line from 1; null when the policy did not come from text. */
  readonly line: number | null;
}

/** The patterns of a rule per attribute; null constrains nothing. The policy's own environment is already joined in. */
export interface RuleMatcher {
  readonly actions: readonly Glob[] | null;
  readonly targets: readonly Glob[] | null;
  readonly metrics: readonly Glob[] | null;
  readonly classes: readonly Glob[] | null;
  readonly groups: readonly Glob[] | null;
  readonly roles: readonly Glob[] | null;
  readonly purposes: readonly Glob[] | null;
  readonly environments: readonly Glob[] | null;
}

/** A rule of a snapshot: everything as data, and beside it what the evaluator needs. */
export interface CompiledRule {
  /** Position among all rules of the snapshot: document order, policy after policy. */
  readonly index: number;
  readonly ref: RuleRef;
  readonly policy: Policy;
  readonly source: PolicyRule;
  readonly effect: Effect;
  /** 0 deny, 1 require-approval, 2 allow: the order in which rules are tried. */
  readonly rank: 0 | 1 | 2;
  readonly matcher: RuleMatcher;
  /** AST and closure; null is always true. */
  readonly condition: Condition | null;
  readonly obligations: Obligations;
  readonly automation: AutomationMode | null;
  /** Masks of the patterns it names, one bit each; -1 constrains nothing. */
  readonly role: number;
  readonly purpose: number;
  readonly environment: number;
  readonly targetClass: number;
  readonly group: number;
  /** Attributes with more patterns than a mask holds, compared by name; null when there are none. */
  readonly wide: readonly WideMatch[] | null;
  /** Has obligations or a ceiling on automation, which matter even when another rule decides. */
  readonly hasDuties: boolean;
}

/** One attribute of a rule compared by name. */
export interface WideMatch {
  readonly attribute: 'role' | 'purpose' | 'environment' | 'targetClass' | 'group';
  readonly names: ReadonlySet<string>;
  readonly globs: readonly Glob[];
}
