import type { DocumentError, Policy, PolicyRule } from '../document/policy.ts';
import { defaultLimits, type PolicyLimits } from '../limits.ts';
import { type ActionNode, addToNode, createActionNode, fits } from './action-node.ts';
import type { CompiledRule, RuleMatcher, RuleRef } from './compiled-rule.ts';
import { createDimension } from './dimension.ts';
import { type Glob, globFrom, isExact } from './glob.ts';
import { largestBucket } from './name-index.ts';
import { obligationsFrom } from './obligations.ts';
import type { PolicySnapshot } from './snapshot.ts';

export interface CompileOptions {
  readonly limits?: PolicyLimits;
  /** Assumed for requests that name no environment; by default the one all policies share. */
  readonly environment?: string;
}

export type CompileResult =
  | { readonly ok: true; readonly snapshot: PolicySnapshot }
  | { readonly ok: false; readonly errors: readonly CompileError[] };

export interface CompileError extends DocumentError {
  readonly policy: string;
}

const ranks = { deny: 0, 'require-approval': 1, allow: 2 } as const;

/** Compiles loaded policies into one snapshot. Refuses what could not be decided in bounded time. Never throws. */
export function compilePolicies(policies: readonly Policy[], options: CompileOptions = {}): CompileResult {
  const limits = options.limits ?? defaultLimits;
  const total = policies.reduce((sum, policy) => sum + policy.rules.length, 0);
  if (total > limits.rulesPerSnapshot) {
    const detail = `A snapshot holds at most ${String(limits.rulesPerSnapshot)} rules, not ${String(total)}`;
    return { ok: false, errors: [{ policy: policies[0]?.name ?? '', pointer: '', detail }] };
  }
  const dimensions = {
    roles: createDimension(),
    purposes: createDimension(),
    environments: createDimension(),
    classes: createDimension(),
    groups: createDimension(),
  };
  const rules: CompiledRule[] = [];
  for (const policy of policies) {
    for (const source of policy.rules) {
      const matcher = matcherFrom(source, policy.environment);
      const alone: CompiledRule[] = [];
      const rule: CompiledRule = {
        index: rules.length,
        ref: refFrom(policy, source),
        policy,
        source,
        effect: source.effect,
        rank: ranks[source.effect],
        matcher,
        condition: source.when,
        obligations: obligationsFrom(source.obligations),
        automation: source.automation,
        role: dimensions.roles.add(matcher.roles),
        purpose: dimensions.purposes.add(matcher.purposes),
        environment: dimensions.environments.add(matcher.environments),
        targetClass: dimensions.classes.add(matcher.classes),
        group: dimensions.groups.add(matcher.groups),
        hasMasks: [matcher.roles, matcher.purposes, matcher.environments, matcher.classes, matcher.groups].some(
          (globs) => globs !== null,
        ),
        alone,
      };
      alone.push(rule);
      rules.push(rule);
    }
  }
  const { actions, shared } = nodesFrom(rules, limits);
  const errors = [...actions.values(), shared].flatMap((node) => boundErrors(node, limits));
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    snapshot: {
      policies,
      rules,
      defaultEnvironment: options.environment ?? sharedEnvironment(policies),
      actions,
      shared,
      roles: dimensions.roles.build(limits.cachedNames),
      purposes: dimensions.purposes.build(limits.cachedNames),
      environments: dimensions.environments.build(limits.cachedNames),
      classes: dimensions.classes.build(limits.cachedNames),
      groups: dimensions.groups.build(limits.cachedNames),
      limits,
    },
  };
}

function refFrom(policy: Policy, rule: PolicyRule): RuleRef {
  return {
    policy: policy.name,
    policyVersion: policy.version,
    id: rule.id,
    effect: rule.effect,
    rollout: rule.rollout,
    pointer: rule.pointer,
    line: rule.line,
  };
}

function matcherFrom({ match }: PolicyRule, environment: string | null): RuleMatcher {
  const environments = globsFrom(match.environments);
  const scoped = environment === null ? environments : fits(environments, environment) ? [globFrom(environment)] : [];
  return {
    actions: globsFrom(match.actions),
    targets: globsFrom(match.targets),
    metrics: globsFrom(match.metrics),
    classes: globsFrom(match.classes),
    groups: globsFrom(match.groups),
    roles: globsFrom(match.roles),
    purposes: globsFrom(match.purposes),
    environments: scoped,
  };
}

const globsFrom = (patterns: readonly string[] | undefined): readonly Glob[] | null => patterns?.map(globFrom) ?? null;

function sharedEnvironment(policies: readonly Policy[]): string | null {
  const [first] = policies;
  return first !== undefined && policies.every(({ environment }) => environment === first.environment)
    ? first.environment
    : null;
}

function nodesFrom(
  rules: readonly CompiledRule[],
  limits: PolicyLimits,
): { actions: Map<string, ActionNode>; shared: ActionNode } {
  const actions = new Map<string, ActionNode>();
  const shared = createActionNode(limits);
  for (const rule of rules) {
    const globs = rule.matcher.actions;
    if (globs === null || globs.some((glob) => !isExact(glob))) {
      addToNode(shared, rule);
      shared.usesActionPatterns ||= globs !== null && !globs.some(({ pattern }) => pattern === '*');
    }
    for (const pattern of new Set(globs?.filter(isExact).map((glob) => glob.pattern))) {
      const node = actions.get(pattern) ?? createActionNode(limits);
      actions.set(pattern, node);
      addToNode(node, rule);
    }
  }
  for (const node of actions.values()) {
    node.usesMetrics ||= shared.usesMetrics;
    node.usesTargets ||= shared.usesTargets;
  }
  return { actions, shared };
}

function boundErrors(node: ActionNode, limits: PolicyLimits): CompileError[] {
  const buckets = [node.unnamed, largestBucket(node.metrics), largestBucket(node.targets)];
  const crowded = buckets.filter((bucket) => bucket.length > limits.rulesPerBucket).map((bucket) => bucket.at(-1));
  const residual = [...node.metrics.residual, ...node.targets.residual];
  const errors = crowded.map(
    (rule) => [rule, `More than ${String(limits.rulesPerBucket)} rules share one name`] as const,
  );
  const last = residual.length > limits.residualPatterns ? residual.at(-1)?.rule : undefined;
  const starred = `More than ${String(limits.residualPatterns)} patterns of one action start with a star`;
  return [...errors, ...(last === undefined ? [] : [[last, starred] as const])].flatMap(([rule, detail]) => {
    if (rule === undefined) return [];
    const { policy, pointer, line } = rule.ref;
    return [line === null ? { policy, pointer, detail } : { policy, pointer, detail, line }];
  });
}
