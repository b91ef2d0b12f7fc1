import { type CompileError, type CompileOptions, compilePolicies } from '../compile/compile-policies.ts';
import type { RuleRef } from '../compile/compiled-rule.ts';
import type { Policy } from '../document/policy.ts';
import { type ActionComparison, compareActions, type Permissiveness, permissivenessOf } from './compare-actions.ts';
import { type RuleChange, ruleChanges } from './rule-changes.ts';

export interface PolicyComparison {
  readonly verdict: Permissiveness;
  readonly added: readonly RuleRef[];
  readonly removed: readonly RuleRef[];
  readonly changed: readonly RuleChange[];
  /** What the changed rules are about; actions that are not listed are as before. */
  readonly perAction: readonly ActionComparison[];
  /** Names that samples may newly carry, or no longer. */
  readonly metrics: { readonly whitelisted: NameChange; readonly forbidden: NameChange };
}
export interface NameChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export type ComparisonResult =
  | { readonly ok: true; readonly comparison: PolicyComparison }
  | { readonly ok: false; readonly side: 'old' | 'new'; readonly errors: readonly CompileError[] };

/**
 * Compares what two versions permit. Effects come first (deny, require-approval, allow); where both grant, lighter
 * duties count as more permissive. Every `more` and `less` has a witness that both evaluators confirm. Where a version
 * speaks for one environment, requests are taken to name theirs. Refused only when a side does not compile.
 */
export function comparePolicies(
  before: readonly Policy[],
  after: readonly Policy[],
  options: CompileOptions = {},
): ComparisonResult {
  const old = compilePolicies(before, options);
  if (!old.ok) return { ok: false, side: 'old', errors: old.errors };
  const now = compilePolicies(after, options);
  if (!now.ok) return { ok: false, side: 'new', errors: now.errors };
  const changes = ruleChanges(old.snapshot, now.snapshot);
  const perAction = compareActions(old.snapshot, now.snapshot, changes.differing);
  const witnesses = perAction.map(({ witness }) => witness);
  const comparison: PolicyComparison = {
    verdict: permissivenessOf(
      witnesses.some(({ more }) => more !== null),
      witnesses.some(({ less }) => less !== null),
      perAction.some(({ verdict }) => verdict === 'unknown'),
    ),
    added: changes.added.map(({ ref }) => ref),
    removed: changes.removed.map(({ ref }) => ref),
    changed: changes.changed.map((change) => ({
      before: change.before.ref,
      after: change.after.ref,
      parts: change.parts,
    })),
    perAction,
    metrics: {
      whitelisted: nameChange(before, after, 'whitelisted'),
      forbidden: nameChange(before, after, 'forbidden'),
    },
  };
  return { ok: true, comparison };
}

function nameChange(before: readonly Policy[], after: readonly Policy[], list: keyof Policy['metrics']): NameChange {
  const old = new Set(before.flatMap(({ metrics }) => metrics[list]));
  const now = new Set(after.flatMap(({ metrics }) => metrics[list]));
  return { added: [...now].filter((name) => !old.has(name)), removed: [...old].filter((name) => !now.has(name)) };
}
