import { CelFault } from '../cel/cel-fault.ts';
import { type Candidates, candidatesFor, needs } from '../compile/action-node.ts';
import type { CompiledRule, WideMatch } from '../compile/compiled-rule.ts';
import { anyGlobMatches } from '../compile/glob.ts';
import { lowerAutomation, mergeObligations, noObligations } from '../compile/obligations.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import type { ConditionError, DecisionCode, PolicyDecision } from './decision.ts';
import { overrideFor } from './overrides.ts';
import type { PolicyRequest } from './request.ts';

/** Stands in for the mask of an attribute that no candidate constrains. */
const everyBit = -1;
const noRules: readonly CompiledRule[] = [];
const noErrors: readonly ConditionError[] = [];

/**
 * Decides one request: an override in force, else deny before require-approval before allow, else denied by default.
 * Total: it never throws, and what cannot be evaluated counts against acting.
 */
export function decide(snapshot: PolicySnapshot, request: PolicyRequest): PolicyDecision {
  try {
    return decideKnown(snapshot, withEnvironment(snapshot, request));
  } catch {
    return answer(snapshot, request, 'request-unreadable', null, null, noErrors, noRules);
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
      const decision = answer(snapshot, request, 'override', null, null, noErrors, noRules);
      return { ...decision, effect: override.effect, override };
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
  const { needs: wanted, enforced, lastDuty, observed } = candidates;
  const role = (wanted & needs.role) !== 0 ? dimensions.roles.maskOf(request.role) : everyBit;
  const purpose = (wanted & needs.purpose) !== 0 ? dimensions.purposes.maskOf(request.purpose) : everyBit;
  const environment =
    (wanted & needs.environment) !== 0 ? dimensions.environments.maskOf(request.environment) : everyBit;

  let errors: ConditionError[] | null = null;
  let decider: CompiledRule | null = null;
  let code: DecisionCode = 'default-deny';
  let several: CompiledRule[] | null = null;
  for (let at = 0; at < enforced.length; at += 1) {
    const candidate = enforced[at];
    if (
      candidate === undefined ||
      (candidate.role & role) === 0 ||
      (candidate.purpose & purpose) === 0 ||
      (candidate.environment & environment) === 0 ||
      (decider !== null && !candidate.hasDuties) ||
      (candidate.isPlaced && !fitsPlace(candidate.rule, snapshot, request))
    ) {
      continue;
    }
    const outcome = candidate.evaluate === null ? true : candidate.evaluate(request);
    if (outcome === false) continue;
    const { effect, rule } = candidate;
    if (outcome !== true) {
      errors ??= [];
      errors.push({ rule: rule.ref, detail: detailOf(outcome), countedAsMatched: effect !== 'allow' });
      if (effect === 'allow') continue;
    }
    if (decider === null) {
      decider = rule;
      code = outcome === true ? 'rule' : 'condition-failed';
      if (effect === 'deny') break;
    } else if (several === null) several = [decider, rule];
    else several.push(rule);
    if (at >= lastDuty) break;
  }
  const watching =
    observed.length === 0 ? noRules : watchers(observed, { role, purpose, environment }, snapshot, request);
  return answer(snapshot, request, code, decider, several, errors ?? noErrors, watching);
}

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

function answer(
  snapshot: PolicySnapshot,
  request: PolicyRequest,
  code: DecisionCode,
  decider: CompiledRule | null,
  several: readonly CompiledRule[] | null,
  errors: readonly ConditionError[],
  observed: readonly CompiledRule[],
): PolicyDecision {
  const isOne = several === null;
  return {
    effect: decider === null ? 'deny' : decider.effect,
    code,
    rule: decider === null ? null : decider.ref,
    override: null,
    matched: several ?? (decider === null ? noRules : decider.alone),
    obligations: isOne
      ? decider === null
        ? noObligations
        : decider.obligations
      : mergeObligations(several.map((rule) => rule.obligations)),
    automation: isOne
      ? decider === null
        ? null
        : decider.automation
      : several.map((rule) => rule.automation).reduce(lowerAutomation),
    errors,
    observed,
    request,
    snapshot,
  };
}

const detailOf = (outcome: unknown): string =>
  outcome instanceof CelFault ? outcome.detail : 'The condition is no boolean';
