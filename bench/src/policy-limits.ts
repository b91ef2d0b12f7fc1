import { type CompiledRule, globMatches, matcherFits, type PolicySnapshot } from '@charter/policy';
import type { Rival } from './policy-rivals.ts';
import type { WorkloadRequest } from './policy-workload.ts';

/** Every rule tried in turn, with the same patterns and closures but no index. */
export function scanFrom(snapshot: PolicySnapshot): Rival {
  const { rules } = snapshot;
  return {
    name: 'naive scan',
    loadMs: 0,
    allows: (request) => {
      let allowed = false;
      for (const { condition, effect, matcher } of rules) {
        if (!matcherFits(matcher, request)) continue;
        if (condition !== null && condition.evaluate(request) !== true) continue;
        if (effect === 'deny') return false;
        allowed = true;
      }
      return allowed;
    },
  };
}

interface LimitRule {
  readonly isDeny: boolean;
  readonly roles: number;
  readonly purposes: number;
  readonly environments: number;
  readonly holds: ((request: WorkloadRequest) => unknown) | null;
}

/**
 * What is left when everything but the decision is dropped: an index, bit masks and closures, answering a boolean. No
 * explanation, duties, overrides, error reports, bounds on memory or protection from malformed requests.
 */
export function limitFrom(snapshot: PolicySnapshot): Rival {
  const roles = bitsOf(snapshot, ({ matcher }) => matcher.roles);
  const purposes = bitsOf(snapshot, ({ matcher }) => matcher.purposes);
  const environments = bitsOf(snapshot, ({ matcher }) => matcher.environments);
  const byAction = new Map<string, CompiledRule[]>();
  for (const rule of snapshot.rules) {
    for (const { pattern } of rule.matcher.actions ?? []) {
      const rules = byAction.get(pattern) ?? [];
      rules.push(rule);
      byAction.set(pattern, rules);
    }
  }
  const known = new Map<string, Map<string, readonly LimitRule[]>>();
  for (const action of byAction.keys()) known.set(action, new Map());
  const find = (action: string, metric: string): readonly LimitRule[] => {
    const found = (byAction.get(action) ?? [])
      .filter(({ matcher }) => matcher.metrics?.some((glob) => globMatches(glob, metric)) ?? true)
      .sort((a, b) => a.rank - b.rank)
      .map(
        (rule): LimitRule => ({
          isDeny: rule.effect === 'deny',
          roles: roles.maskOf(rule),
          purposes: purposes.maskOf(rule),
          environments: environments.maskOf(rule),
          holds: rule.condition?.evaluate ?? null,
        }),
      );
    known.get(action)?.set(metric, found);
    return found;
  };
  return {
    name: 'index and closures without explanation',
    loadMs: 0,
    allows: (request) => {
      const rules = known.get(request.action)?.get(request.metric) ?? find(request.action, request.metric);
      const role = roles.bits.get(request.role) ?? unheard;
      const purpose = purposes.bits.get(request.purpose) ?? unheard;
      const environment = environments.bits.get(request.environment) ?? unheard;
      for (const rule of rules) {
        if ((rule.roles & role) === 0 || (rule.purposes & purpose) === 0 || (rule.environments & environment) === 0)
          continue;
        if (rule.holds === null || rule.holds(request) === true) return !rule.isDeny;
      }
      return false;
    },
  };
}

/** The bit of a value that no rule names: only rules without the attribute have it. */
const unheard = 1 << 30;

/** One bit a value; a rule without the attribute has all of them. */
function bitsOf(snapshot: PolicySnapshot, globsOf: (rule: CompiledRule) => CompiledRule['matcher']['roles']) {
  const bits = new Map<string, number>();
  for (const rule of snapshot.rules) {
    for (const { pattern } of globsOf(rule) ?? []) if (!bits.has(pattern)) bits.set(pattern, 1 << bits.size);
  }
  const maskOf = (rule: CompiledRule): number =>
    globsOf(rule)?.reduce((mask, { pattern }) => mask | (bits.get(pattern) ?? 0), 0) ?? -1;
  return { bits, maskOf };
}
