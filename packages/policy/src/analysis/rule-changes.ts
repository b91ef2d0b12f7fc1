import type { CompiledRule, RuleRef } from '../compile/compiled-rule.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';

/** What of a rule may differ between versions. */
export type ChangedPart = 'effect' | 'match' | 'when' | 'rollout' | 'automation' | 'obligations' | 'environment';

export interface RuleChange {
  readonly before: RuleRef;
  readonly after: RuleRef;
  readonly parts: readonly ChangedPart[];
}

export interface RuleChanges {
  readonly added: readonly CompiledRule[];
  readonly removed: readonly CompiledRule[];
  readonly changed: readonly {
    readonly before: CompiledRule;
    readonly after: CompiledRule;
    readonly parts: readonly ChangedPart[];
  }[];
}

const parts = ['effect', 'match', 'when', 'rollout', 'automation', 'obligations', 'environment'] as const;

/** Pairs rules by id, and by policy too where either side has several, and tells what differs. */
export function ruleChanges(before: PolicySnapshot, after: PolicySnapshot): RuleChanges {
  const areSingle = before.policies.length <= 1 && after.policies.length <= 1;
  const keyOf = ({ ref }: CompiledRule): string => (areSingle ? ref.id : JSON.stringify([ref.policy, ref.id]));
  // Ids of classic documents may repeat, as when a role is listed twice.
  const waiting = new Map<string, CompiledRule[]>();
  for (const rule of before.rules) {
    const same = waiting.get(keyOf(rule));
    if (same === undefined) waiting.set(keyOf(rule), [rule]);
    else same.push(rule);
  }
  const added: CompiledRule[] = [];
  const changed: RuleChanges['changed'][number][] = [];
  for (const rule of after.rules) {
    const earlier = waiting.get(keyOf(rule))?.shift();
    if (earlier === undefined) added.push(rule);
    else {
      const [old, now] = [contentOf(earlier), contentOf(rule)];
      const different = parts.filter((part) => old[part] !== now[part]);
      if (different.length > 0) changed.push({ before: earlier, after: rule, parts: different });
    }
  }
  return { added, removed: [...waiting.values()].flat(), changed };
}

function contentOf({ policy, source, effect }: CompiledRule): Readonly<Record<ChangedPart, string | null>> {
  const { match } = source;
  const lists = Object.entries(match).map(([key, patterns]) => [key, [...new Set(patterns)].sort()] as const);
  return {
    effect,
    match: JSON.stringify(lists.sort(([a], [b]) => (a < b ? -1 : 1))),
    when: source.when?.source ?? null,
    rollout: source.rollout,
    automation: source.automation,
    obligations: JSON.stringify(source.obligations),
    environment: policy.environment,
  };
}
