import type { DocumentError, Policy } from '../document/policy.ts';
import { defaultLimits, type PolicyLimits } from '../limits.ts';
import { type ActionNode, addToNode, createActionNode } from './action-node.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { type Glob, isExact } from './glob.ts';
import { largestBucket } from './name-index.ts';
import { type Draft, dimensionsFrom, globReader, matcherFrom, ruleFrom } from './rule-from.ts';
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

/** Compiles loaded policies into one snapshot. Refuses what could not be decided in bounded time. Never throws. */
export function compilePolicies(policies: readonly Policy[], options: CompileOptions = {}): CompileResult {
  const limits = options.limits ?? defaultLimits;
  const total = policies.reduce((sum, policy) => sum + policy.rules.length, 0);
  if (total > limits.rulesPerSnapshot) {
    const detail = `A snapshot holds at most ${String(limits.rulesPerSnapshot)} rules, not ${String(total)}`;
    return { ok: false, errors: [{ policy: policies[0]?.name ?? '', pointer: '', detail }] };
  }
  const readGlob = globReader();
  const drafts = policies.flatMap((policy) =>
    policy.rules.map(
      (source): Draft => ({ policy, source, matcher: matcherFrom(source, policy.environment, readGlob) }),
    ),
  );
  const dimensions = dimensionsFrom(drafts, limits);
  const rules = drafts.map((draft, index) => ruleFrom(draft, index, dimensions));
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
      dimensions,
      limits,
    },
  };
}

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
    for (const glob of distinct(globs ?? [])) {
      if (!isExact(glob)) continue;
      const node = actions.get(glob.pattern) ?? createActionNode(limits);
      actions.set(glob.pattern, node);
      addToNode(node, rule);
    }
  }
  for (const node of actions.values()) {
    node.usesMetrics ||= shared.usesMetrics;
    node.usesTargets ||= shared.usesTargets;
  }
  return { actions, shared };
}

const distinct = (globs: readonly Glob[]): readonly Glob[] =>
  globs.length < 2 ? globs : [...new Map(globs.map((glob) => [glob.pattern, glob])).values()];

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
