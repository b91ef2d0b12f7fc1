import type { Policy, PolicyRule } from '../document/policy.ts';
import type { PolicyLimits } from '../limits.ts';
import { fits } from './action-node.ts';
import type { CompiledRule, RuleMatcher, WideMatch } from './compiled-rule.ts';
import { type Dimension, dimensionFrom } from './dimension.ts';
import { type Glob, globFrom, isExact } from './glob.ts';
import { noObligations, obligationsFrom } from './obligations.ts';
import type { Dimensions } from './snapshot.ts';

/** A rule before the masks of the snapshot are known. */
export interface Draft {
  readonly policy: Policy;
  readonly source: PolicyRule;
  readonly matcher: RuleMatcher;
}

const ranks = { deny: 0, 'require-approval': 1, allow: 2 } as const;

/** Reads patterns, each once: rules repeat roles, actions and names. */
export type ReadGlob = (pattern: string) => Glob;

export function globReader(): ReadGlob {
  const known = new Map<string, Glob>();
  return (pattern) => {
    const found = known.get(pattern);
    if (found !== undefined) return found;
    const glob = globFrom(pattern);
    known.set(pattern, glob);
    return glob;
  };
}

/** The patterns of a rule, with the environment of its policy joined in. */
export function matcherFrom({ match }: PolicyRule, environment: string | null, readGlob: ReadGlob): RuleMatcher {
  const globsFrom = (patterns: readonly string[] | undefined): readonly Glob[] | null =>
    patterns?.map(readGlob) ?? null;
  const environments = globsFrom(match.environments);
  const scoped = environment === null ? environments : fits(environments, environment) ? [readGlob(environment)] : [];
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

export function dimensionsFrom(drafts: readonly Draft[], { cachedNames }: PolicyLimits): Dimensions {
  const from = (key: keyof RuleMatcher): Dimension =>
    dimensionFrom(
      drafts.map(({ matcher }) => matcher[key]),
      cachedNames,
    );
  return {
    roles: from('roles'),
    purposes: from('purposes'),
    environments: from('environments'),
    classes: from('classes'),
    groups: from('groups'),
  };
}

export function ruleFrom({ policy, source, matcher }: Draft, index: number, dimensions: Dimensions): CompiledRule {
  const { automation, effect } = source;
  const obligations = obligationsFrom(source.obligations);
  return {
    obligations,
    automation,
    ref: {
      policy: policy.name,
      policyVersion: policy.version,
      id: source.id,
      effect,
      rollout: source.rollout,
      pointer: source.pointer,
      line: source.line,
    },
    effect,
    role: dimensions.roles.ruleMask(matcher.roles),
    purpose: dimensions.purposes.ruleMask(matcher.purposes),
    environment: dimensions.environments.ruleMask(matcher.environments),
    targetClass: dimensions.classes.ruleMask(matcher.classes),
    group: dimensions.groups.ruleMask(matcher.groups),
    hasDuties: obligations !== noObligations || automation !== null,
    wide: wideFrom(matcher, dimensions),
    condition: source.when,
    rank: ranks[effect],
    index,
    policy,
    source,
    matcher,
  };
}

function wideFrom(matcher: RuleMatcher, dimensions: Dimensions): readonly WideMatch[] | null {
  const of = (dimension: Dimension, attribute: WideMatch['attribute'], globs: readonly Glob[] | null): WideMatch[] =>
    dimension.isWide && globs !== null
      ? [
          {
            attribute,
            names: new Set(globs.filter(isExact).map(({ pattern }) => pattern)),
            globs: globs.filter((glob) => !isExact(glob)),
          },
        ]
      : [];
  const { classes, environments, groups, purposes, roles } = dimensions;
  if (!(classes.isWide || environments.isWide || groups.isWide || purposes.isWide || roles.isWide)) return null;
  const wide = [
    ...of(roles, 'role', matcher.roles),
    ...of(purposes, 'purpose', matcher.purposes),
    ...of(environments, 'environment', matcher.environments),
    ...of(classes, 'targetClass', matcher.classes),
    ...of(groups, 'group', matcher.groups),
  ];
  return wide.length === 0 ? null : wide;
}
