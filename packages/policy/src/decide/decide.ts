import { CelFault } from '../cel/cel-fault.ts';
import { type Candidates, candidatesFor, needs } from '../compile/action-node.ts';
import type { CompiledRule, WideMatch } from '../compile/compiled-rule.ts';
import { anyGlobMatches } from '../compile/glob.ts';
import { lowerAutomation, mergeObligations, noObligations } from '../compile/obligations.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import { type ConditionError, noAside, PolicyDecision, type Verdict } from './decision.ts';
import { overrideFor } from './overrides.ts';
import type { PolicyRequest } from './request.ts';

/** Stands in for the mask of an attribute that no candidate constrains. */
const everyBit = -1;
const noRules: readonly CompiledRule[] = [];

const denied: Verdict = {
  effect: 'deny',
  code: 'default-deny',
  rule: null,
  override: null,
  matched: noRules,
  obligations: noObligations,
  automation: null,
};
const unreadable: Verdict = { ...denied, code: 'request-unreadable' };

/**
 * Decides one request: an override in force, else deny before require-approval before allow, else denied by default.
 * Total: it never throws, and what cannot be evaluated counts against acting.
 */
export function decide(snapshot: PolicySnapshot, request: PolicyRequest): PolicyDecision {
  try {
    return decideKnown(snapshot, withEnvironment(snapshot, request));
  } catch {
    return new PolicyDecision(snapshot, request, unreadable, noAside);
  }
}

function withEnvironment(snapshot: PolicySnapshot, request: PolicyRequest): PolicyRequest {
  if (request.environment !== undefined || snapshot.defaultEnvironment === null) return request;
  return { ...request, environment: snapshot.defaultEnvironment };
}

function decideKnown(snapshot: PolicySnapshot, request: PolicyRequest): PolicyDecision {
  if (request.overrides !== undefined && request.overrides.length > 0) {
    const override = overrideFor(request.overrides, request);
    if (override !== null) {
      const verdict: Verdict = { ...denied, effect: override.effect, code: 'override', override };
      return new PolicyDecision(snapshot, request, verdict, noAside);
    }
  }
  const { action } = request;
  const node = snapshot.actions.get(action) ?? snapshot.shared;
  const candidates = candidatesFor(node, snapshot.shared, action, request.metric, request.target, snapshot.limits);
  return weigh(snapshot, request, candidates);
}

/** Tries the candidates in order and stops where no later rule can change the effect or the duties. */
function weigh(snapshot: PolicySnapshot, request: PolicyRequest, candidates: Candidates): PolicyDecision {
  const { dimensions } = snapshot;
  const { needs: wanted, first, observed } = candidates;
  const role = (wanted & needs.role) !== 0 ? dimensions.roles.maskOf(request.role) : everyBit;
  const purpose = (wanted & needs.purpose) !== 0 ? dimensions.purposes.maskOf(request.purpose) : everyBit;
  const environment =
    (wanted & needs.environment) !== 0 ? dimensions.environments.maskOf(request.environment) : everyBit;

  let errors: ConditionError[] | null = null;
  let verdict = denied;
  let several: CompiledRule[] | null = null;
  let candidate = first;
  while (candidate !== null) {
    const { rule, evaluate } = candidate;
    if (
      (candidate.role & role) !== 0 &&
      (candidate.purpose & purpose) !== 0 &&
      (candidate.environment & environment) !== 0 &&
      (!candidate.isPlaced || fitsPlace(rule, snapshot, request))
    ) {
      const outcome = evaluate === null ? true : evaluate(request);
      const isFault = outcome !== true && outcome !== false;
      if (isFault) {
        errors ??= [];
        errors.push({ rule: rule.ref, detail: detailOf(outcome), countedAsMatched: rule.effect !== 'allow' });
      }
      if (outcome === true || (isFault && rule.effect !== 'allow')) {
        if (verdict === denied) {
          verdict = isFault ? { ...candidate.verdict, code: 'condition-failed' } : candidate.verdict;
        } else {
          several ??= [...verdict.matched];
          several.push(rule);
        }
      }
    }
    candidate = verdict === denied ? candidate.next : candidate.nextDuty;
  }
  if (several !== null) verdict = joined(verdict, several);
  if (errors === null && observed.length === 0) return new PolicyDecision(snapshot, request, verdict, noAside);
  const watching = watchers(observed, { role, purpose, environment }, snapshot, request);
  return new PolicyDecision(snapshot, request, verdict, { errors: errors ?? noAside.errors, observed: watching });
}

/** The verdict of the first rule with the duties of all. */
const joined = (verdict: Verdict, matched: readonly CompiledRule[]): Verdict => ({
  ...verdict,
  matched,
  obligations: mergeObligations(matched.map((rule) => rule.obligations)),
  automation: matched.map((rule) => rule.automation).reduce(lowerAutomation),
});

type Masks = Pick<CompiledRule, 'role' | 'purpose' | 'environment'>;

/** The rules in `warn` or `shadow` that would have taken part. */
function watchers(
  observed: readonly CompiledRule[],
  masks: Masks,
  snapshot: PolicySnapshot,
  request: PolicyRequest,
): CompiledRule[] {
  return observed.filter(
    (rule) =>
      (rule.role & masks.role) !== 0 &&
      (rule.purpose & masks.purpose) !== 0 &&
      (rule.environment & masks.environment) !== 0 &&
      fitsPlace(rule, snapshot, request) &&
      (rule.condition === null || rule.condition.evaluate(request) !== false),
  );
}

/** What few rules constrain: the class and group of the target, and attributes with too many values for a mask. */
function fitsPlace(rule: CompiledRule, { dimensions }: PolicySnapshot, request: PolicyRequest): boolean {
  return (
    (rule.targetClass & dimensions.classes.maskOf(request.targetClass)) !== 0 &&
    (rule.group & dimensions.groups.maskOf(request.group)) !== 0 &&
    (rule.wide === null || fitsWide(rule.wide, request))
  );
}

function fitsWide(wide: readonly WideMatch[], request: PolicyRequest): boolean {
  return wide.every(({ attribute, globs, names }) => {
    const value = request[attribute];
    return value !== undefined && (names.has(value) || anyGlobMatches(globs, value));
  });
}

const detailOf = (outcome: unknown): string =>
  outcome instanceof CelFault ? outcome.detail : 'The condition is no boolean';
