import type { Verdict } from '../decide/decision.ts';
import type { PolicyLimits } from '../limits.ts';
import { BoundedMemo } from './bounded-memo.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { Condition } from './condition.ts';
import { unconstrained } from './dimension.ts';
import { anyGlobMatches, type Glob } from './glob.ts';
import { addToIndex, collectFrom, createNameIndex, type NameIndex } from './name-index.ts';

/** The rules that may speak about one action and one name, in the order in which they are tried. */
export interface Candidates {
  /** The enforced rule that is tried first. */
  readonly first: Candidate | null;
  /** Rules in `warn` or `shadow`: reported, never effective. */
  readonly observed: readonly CompiledRule[];
  /** The attributes that any of these rules constrains, as bits of `needs`; the others need no look-up. */
  readonly needs: number;
}

/** An enforced rule in the order of trying: what a try reads, and where it goes on. */
export interface Candidate extends Pick<CompiledRule, 'role' | 'purpose' | 'environment'> {
  /** Constrains class or group of the target, or an attribute too wide for a mask. */
  readonly isPlaced: boolean;
  readonly evaluate: Condition['evaluate'] | null;
  readonly rule: CompiledRule;
  /** What the rule says when it decides alone, shared by all decisions in which it does. */
  readonly verdict: Verdict;
  /** Tried next while nothing has decided. */
  readonly next: Candidate | null;
  /** Tried next once a rule has decided: only duties can still change something, and after a denial nothing can. */
  readonly nextDuty: Candidate | null;
}

/** Bits of `Candidates.needs`. */
export const needs = { role: 1, purpose: 2, environment: 4, place: 8 } as const;

/** What is known about one action. Rules for any action or for a pattern of actions are in the node they all share. */
export interface ActionNode {
  readonly metrics: NameIndex;
  readonly targets: NameIndex;
  /** Rules that name neither metrics nor targets. */
  readonly unnamed: CompiledRule[];
  usesMetrics: boolean;
  usesTargets: boolean;
  /** Some rule has a pattern of actions, so that the action itself is part of the key. */
  usesActionPatterns: boolean;
  readonly byName: BoundedMemo<Candidates>;
  readonly byTarget: BoundedMemo<Candidates>;
  readonly byPair: BoundedMemo<Candidates>;
  withoutName: Candidates | null;
}

export const createActionNode = (limits: PolicyLimits): ActionNode => ({
  metrics: createNameIndex(),
  targets: createNameIndex(),
  unnamed: [],
  usesMetrics: false,
  usesTargets: false,
  usesActionPatterns: false,
  byName: new BoundedMemo(limits.cachedNames),
  byTarget: new BoundedMemo(limits.cachedNames),
  byPair: new BoundedMemo(limits.cachedNames),
  withoutName: null,
});

export function addToNode(node: ActionNode, rule: CompiledRule): void {
  const { metrics, targets } = rule.matcher;
  node.usesMetrics ||= metrics !== null;
  node.usesTargets ||= targets !== null;
  if (metrics !== null) addToIndex(node.metrics, metrics, rule);
  else if (targets !== null) addToIndex(node.targets, targets, rule);
  else node.unnamed.push(rule);
}

/** Candidates for a request, remembered per name within bounds. `shared` holds the rules without an exact action. */
export function candidatesFor(
  node: ActionNode,
  shared: ActionNode,
  action: string,
  metric: string | undefined,
  target: string | undefined,
  limits: PolicyLimits,
): Candidates {
  const name = node.usesMetrics ? metric : undefined;
  const place = node.usesTargets ? target : undefined;
  if (node.usesActionPatterns) {
    const key = `${sized(action)}${sized(name)}${sized(place)}`;
    return remembered(node.byPair, key, limits, () => findCandidates(node, shared, action, name, place));
  }
  if (place === undefined) {
    if (name === undefined) {
      node.withoutName ??= findCandidates(node, shared, action, name, place);
      return node.withoutName;
    }
    return (
      node.byName.get(name) ?? remember(node.byName, name, limits, findCandidates(node, shared, action, name, place))
    );
  }
  if (name === undefined) {
    return (
      node.byTarget.get(place) ??
      remember(node.byTarget, place, limits, findCandidates(node, shared, action, name, place))
    );
  }
  return remembered(node.byPair, `${sized(name)}${sized(place)}`, limits, () =>
    findCandidates(node, shared, action, name, place),
  );
}

/** Length-prefixed, so that no two different pairs of names share a key. */
const sized = (name: string | undefined): string => (name === undefined ? '-' : `${String(name.length)}:${name}`);

function remembered(
  memo: BoundedMemo<Candidates>,
  key: string,
  limits: PolicyLimits,
  find: () => Candidates,
): Candidates {
  return memo.get(key) ?? remember(memo, key, limits, find());
}

function remember(memo: BoundedMemo<Candidates>, key: string, limits: PolicyLimits, found: Candidates): Candidates {
  if (key.length <= limits.cachedNameLength) memo.set(key, found);
  return found;
}

function findCandidates(
  node: ActionNode,
  shared: ActionNode,
  action: string,
  metric: string | undefined,
  target: string | undefined,
): Candidates {
  const found = new Set<CompiledRule>();
  for (const { metrics, targets, unnamed } of node === shared ? [shared] : [node, shared]) {
    for (const rule of unnamed) found.add(rule);
    if (metric !== undefined) collectFrom(metrics, metric, found);
    if (target !== undefined) collectFrom(targets, target, found);
  }
  const rules = [...found]
    .filter(
      ({ matcher }) => fits(matcher.actions, action) && fits(matcher.metrics, metric) && fits(matcher.targets, target),
    )
    .sort((a, b) => a.rank - b.rank || a.index - b.index);
  const enforced = rules.filter(({ ref }) => ref.rollout === 'enforce');
  return {
    first: enforced.reduceRight<Candidate | null>(candidateBefore, null),
    observed: rules.filter(({ ref }) => ref.rollout !== 'enforce'),
    needs: rules.reduce((bits, rule) => bits | needsOf(rule), 0),
  };
}

const candidateBefore = (next: Candidate | null, rule: CompiledRule): Candidate => ({
  role: rule.role,
  purpose: rule.purpose,
  environment: rule.environment,
  isPlaced: (needsOf(rule) & needs.place) !== 0 || rule.wide !== null,
  evaluate: rule.condition?.evaluate ?? null,
  verdict: verdictOf(rule),
  next,
  nextDuty: rule.effect === 'deny' || next === null ? null : next.rule.hasDuties ? next : next.nextDuty,
  rule,
});

const verdictOf = (rule: CompiledRule): Verdict => ({
  effect: rule.effect,
  code: 'rule',
  rule: rule.ref,
  override: null,
  matched: [rule],
  obligations: rule.obligations,
  automation: rule.automation,
});

function needsOf({ role, purpose, environment, targetClass, group }: CompiledRule): number {
  return (
    (role === unconstrained ? 0 : needs.role) |
    (purpose === unconstrained ? 0 : needs.purpose) |
    (environment === unconstrained ? 0 : needs.environment) |
    (targetClass === unconstrained && group === unconstrained ? 0 : needs.place)
  );
}

/** Whether a value satisfies a list of patterns; a missing value satisfies only the absent list. */
export function fits(globs: readonly Glob[] | null, value: string | undefined): boolean {
  return globs === null || (value !== undefined && anyGlobMatches(globs, value));
}
