import { fits } from '../compile/action-node.ts';
import type { RuleMatcher } from '../compile/compiled-rule.ts';
import { globFrom } from '../compile/glob.ts';
import { MatchDocument } from '../document/native-document.ts';
import { defaultLimits, type PolicyLimits } from '../limits.ts';
import type { PolicyRequest } from './request.ts';

/** An emergency override: it comes before every rule and ends by itself. */
export interface Override {
  readonly id: string;
  readonly effect: 'allow' | 'deny';
  readonly match: MatchDocument;
  readonly reason: string;
  /** Epoch milliseconds; the override is in force while `startsAt <= now < expiresAt`. */
  readonly startsAt: number;
  readonly expiresAt: number;
}

export interface CompiledOverride {
  readonly override: Override;
  readonly matcher: RuleMatcher;
}

/** Overrides ready to be tried, denials first. */
export type OverrideLayer = readonly CompiledOverride[];

export type OverrideResult =
  | { readonly ok: true; readonly layer: OverrideLayer }
  | { readonly ok: false; readonly errors: readonly { readonly id: string; readonly detail: string }[] };

/** Checks and compiles the overrides of a request. The caller drops ended ones; until then they simply do not match. */
export function compileOverrides(overrides: readonly Override[], limits: PolicyLimits = defaultLimits): OverrideResult {
  if (overrides.length > limits.overrides) {
    return { ok: false, errors: [{ id: '', detail: `At most ${String(limits.overrides)} overrides may be in force` }] };
  }
  const errors = overrides.flatMap(({ id, match, startsAt, expiresAt }) => {
    if (!Number.isFinite(startsAt) || !Number.isFinite(expiresAt) || expiresAt <= startsAt) {
      return [{ id, detail: 'An override ends after it starts' }];
    }
    const parsed = MatchDocument.safeParse(match);
    return parsed.success ? [] : [{ id, detail: parsed.error.issues[0]?.message ?? 'The selector is malformed' }];
  });
  if (errors.length > 0) return { ok: false, errors };
  const layer = overrides.map((override) => ({ override, matcher: matcherFrom(override.match) }));
  return { ok: true, layer: layer.sort((a, b) => rank(a) - rank(b)) };
}

const rank = ({ override }: CompiledOverride): number => (override.effect === 'deny' ? 0 : 1);

function matcherFrom(match: MatchDocument): RuleMatcher {
  const globs = (patterns: readonly string[] | undefined) => patterns?.map(globFrom) ?? null;
  return {
    actions: globs(match.actions),
    targets: globs(match.targets),
    metrics: globs(match.metrics),
    classes: globs(match.classes),
    groups: globs(match.groups),
    roles: globs(match.roles),
    purposes: globs(match.purposes),
    environments: globs(match.environments),
  };
}

/** Whether the structured part of a rule or override is about the request. */
export function matcherFits(matcher: RuleMatcher, request: PolicyRequest): boolean {
  return (
    fits(matcher.actions, request.action) &&
    fits(matcher.metrics, request.metric) &&
    fits(matcher.targets, request.target) &&
    fits(matcher.classes, request.targetClass) &&
    fits(matcher.groups, request.group) &&
    fits(matcher.roles, request.role) &&
    fits(matcher.purposes, request.purpose) &&
    fits(matcher.environments, request.environment)
  );
}

export function overrideFor(layer: OverrideLayer, request: PolicyRequest): Override | null {
  for (const { override, matcher } of layer) {
    const isInForce = override.startsAt <= request.now && request.now < override.expiresAt;
    if (isInForce && matcherFits(matcher, request)) return override;
  }
  return null;
}
