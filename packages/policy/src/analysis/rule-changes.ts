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
  readonly changed: readonly PairedRules[];
  /** Rules of either side that have no equal on the other, whatever they are called. */
  readonly differing: { readonly before: readonly CompiledRule[]; readonly after: readonly CompiledRule[] };
}

interface PairedRules {
  readonly before: CompiledRule;
  readonly after: CompiledRule;
  readonly parts: readonly ChangedPart[];
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
  const changed: PairedRules[] = [];
  for (const rule of after.rules) {
    const earlier = waiting.get(keyOf(rule))?.shift();
    if (earlier === undefined) added.push(rule);
    else {
      const different = differentParts(earlier, rule);
      if (different.length > 0) changed.push({ before: earlier, after: rule, parts: different });
    }
  }
  const removed = [...waiting.values()].flat();
  const differing = withoutEquals(
    [...removed, ...changed.map((pair) => pair.before)],
    [...added, ...changed.map((pair) => pair.after)],
  );
  return { added, removed, changed, differing };
}

/** Leaves out rules that both sides have, under whatever id. */
function withoutEquals(before: readonly CompiledRule[], after: readonly CompiledRule[]): RuleChanges['differing'] {
  const byContent = (rules: readonly CompiledRule[]) =>
    new Map(rules.map((rule) => [keyOfContent(contentOf(rule)), rule]));
  const [old, now] = [byContent(before), byContent(after)];
  return {
    before: [...old].filter(([content]) => !now.has(content)).map(([, rule]) => rule),
    after: [...now].filter(([content]) => !old.has(content)).map(([, rule]) => rule),
  };
}

function differentParts(before: CompiledRule, after: CompiledRule): readonly ChangedPart[] {
  if (isSameText(before, after)) return [];
  const [old, now] = [contentOf(before), contentOf(after)];
  return parts.filter((part) => old[part] !== now[part]);
}

/** Written alike, which is cheaper to see than meant alike. */
function isSameText(a: CompiledRule, b: CompiledRule): boolean {
  const [one, two] = [a.source, b.source];
  return (
    one.effect === two.effect &&
    one.rollout === two.rollout &&
    one.automation === two.automation &&
    one.when?.source === two.when?.source &&
    a.policy.environment === b.policy.environment &&
    one.obligations.length + two.obligations.length === 0 &&
    matchKeys.every((key) => isSameList(one.match[key], two.match[key]))
  );
}

const matchKeys = ['actions', 'targets', 'metrics', 'classes', 'groups', 'roles', 'purposes', 'environments'] as const;

const isSameList = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  a === b || (a !== undefined && a.length === b?.length && a.every((item, at) => item === b[at]));

/** One text for one content: only the condition, which comes last, may hold a line break as it is. */
function keyOfContent({ effect, match, when, rollout, automation, obligations, environment }: Content): string {
  return [effect, rollout, automation, JSON.stringify(environment), match, obligations, when].join('\n');
}

type Content = Readonly<Record<ChangedPart, string | null>>;
const contents = new WeakMap<CompiledRule, Content>();

/** What a rule says, lists in order; worked out once a rule. */
function contentOf(rule: CompiledRule): Content {
  const known = contents.get(rule) ?? contentFrom(rule);
  contents.set(rule, known);
  return known;
}

function contentFrom({ policy, source, effect }: CompiledRule): Content {
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
