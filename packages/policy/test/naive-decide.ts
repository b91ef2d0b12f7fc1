import { lowerAutomation, mergeObligations, type Obligations } from '../src/compile/obligations.ts';
import type { CompiledRule, PolicyRequest, PolicySnapshot } from '../src/index.ts';

export interface NaiveDecision {
  readonly effect: string;
  readonly rule: string | null;
  readonly matched: readonly number[];
  readonly observed: readonly number[];
  readonly obligations: Obligations;
  readonly automation: string | null;
}

/** The meaning of a policy spelt out: every rule against the request, from the document's own patterns, without any index. */
export function naiveDecide(snapshot: PolicySnapshot, given: PolicyRequest): NaiveDecision {
  const request = { ...given, environment: given.environment ?? snapshot.defaultEnvironment ?? undefined };
  const about = snapshot.rules.filter((rule) => isAbout(rule, request));
  const outcomes = about.map((rule) => ({
    rule,
    outcome: rule.condition === null ? true : rule.condition.evaluate(request),
  }));
  const counts = ({ rule, outcome }: { rule: CompiledRule; outcome: unknown }): boolean =>
    outcome === true || (outcome !== false && rule.effect !== 'allow');
  const enforced = outcomes.filter(({ rule }) => rule.source.rollout === 'enforce');
  const matching = enforced.filter(counts).map(({ rule }) => rule);
  const by = (effect: string): CompiledRule[] => matching.filter((rule) => rule.effect === effect);
  const [denial] = by('deny');
  const [decider, ...others] = denial === undefined ? [...by('require-approval'), ...by('allow')] : [denial];
  const matched = decider === undefined ? [] : [decider, ...others.filter(({ hasDuties }) => hasDuties)];
  return {
    effect: matched[0]?.effect ?? 'deny',
    rule: matched[0]?.source.id ?? null,
    matched: matched.map(({ index }) => index),
    observed: outcomes
      .filter(({ rule, outcome }) => rule.source.rollout !== 'enforce' && outcome !== false)
      .map(({ rule }) => rule.index)
      .sort((a, b) => a - b),
    obligations: mergeObligations(matched.map(({ obligations }) => obligations)),
    automation: matched.map(({ automation }) => automation).reduce(lowerAutomation, null),
  };
}

function isAbout({ policy, source }: CompiledRule, request: PolicyRequest): boolean {
  const { match } = source;
  return (
    (policy.environment === null || policy.environment === request.environment) &&
    holds(match.actions, request.action) &&
    holds(match.metrics, request.metric) &&
    holds(match.targets, request.target) &&
    holds(match.classes, request.targetClass) &&
    holds(match.groups, request.group) &&
    holds(match.roles, request.role) &&
    holds(match.purposes, request.purpose) &&
    holds(match.environments, request.environment)
  );
}

function holds(patterns: readonly string[] | undefined, value: string | undefined): boolean {
  if (patterns === undefined) return true;
  return value !== undefined && patterns.some((pattern) => asRegExp(pattern).test(value));
}

const asRegExp = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\/-]/g, '\\$&').replaceAll('*', '[^]*')}$`);
