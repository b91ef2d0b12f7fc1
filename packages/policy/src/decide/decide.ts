import { CelFault } from '../cel/cel-fault.ts';
import { type Candidates, candidatesFor } from '../compile/action-node.ts';
import type { CompiledRule } from '../compile/compiled-rule.ts';
import type { Dimension } from '../compile/dimension.ts';
import { lowerAutomation, mergeObligations, noObligations } from '../compile/obligations.ts';
import type { PolicySnapshot } from '../compile/snapshot.ts';
import type { ConditionError, DecisionCode, PolicyDecision } from './decision.ts';
import { overrideFor } from './overrides.ts';
import type { PolicyRequest } from './request.ts';

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
    return answer(snapshot, request, 'deny', 'request-unreadable', noRules, noErrors, noRules);
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
      return {
        ...answer(snapshot, request, override.effect, 'override', noRules, noErrors, noRules),
        override,
      };
    }
  }
  const { action } = request;
  const node = snapshot.actions.get(action) ?? snapshot.shared;
  const candidates = candidatesFor(node, snapshot.shared, action, request.metric, request.target, snapshot.limits);
  return weigh(snapshot, request, candidates);
}

function weigh(snapshot: PolicySnapshot, request: PolicyRequest, candidates: Candidates): PolicyDecision {
  const roles = maskOf(snapshot.roles, request.role);
  const purposes = maskOf(snapshot.purposes, request.purpose);
  const environments = maskOf(snapshot.environments, request.environment);
  const classes = maskOf(snapshot.classes, request.targetClass);
  const groups = maskOf(snapshot.groups, request.group);
  const applies = (rule: CompiledRule): boolean =>
    has(roles, rule.role.word, rule.role.bit) &&
    has(purposes, rule.purpose.word, rule.purpose.bit) &&
    has(environments, rule.environment.word, rule.environment.bit) &&
    has(classes, rule.targetClass.word, rule.targetClass.bit) &&
    has(groups, rule.group.word, rule.group.bit);

  let errors: ConditionError[] | null = null;
  let decider: CompiledRule | null = null;
  let code: DecisionCode = 'default-deny';
  let several: CompiledRule[] | null = null;
  for (const rule of candidates.enforced) {
    if (rule.hasMasks && !applies(rule)) continue;
    const outcome = rule.condition === null ? true : rule.condition.evaluate(request);
    if (outcome === false) continue;
    if (outcome !== true) {
      const countedAsMatched = rule.rank < 2;
      errors ??= [];
      errors.push({ rule: rule.ref, detail: detailOf(outcome), countedAsMatched });
      if (!countedAsMatched) continue;
    }
    if (decider === null) {
      decider = rule;
      code = outcome === true ? 'rule' : 'condition-failed';
      if (rule.rank === 0) break;
    } else if (several === null) several = [decider, rule];
    else several.push(rule);
  }
  const observed =
    candidates.observed.length === 0
      ? noRules
      : candidates.observed.filter(
          (rule) => applies(rule) && (rule.condition === null || rule.condition.evaluate(request) !== false),
        );
  const matched = several ?? decider?.alone ?? noRules;
  return answer(snapshot, request, decider?.effect ?? 'deny', code, matched, errors ?? noErrors, observed);
}

function answer(
  snapshot: PolicySnapshot,
  request: PolicyRequest,
  effect: PolicyDecision['effect'],
  code: DecisionCode,
  matched: readonly CompiledRule[],
  errors: readonly ConditionError[],
  observed: readonly CompiledRule[],
): PolicyDecision {
  const [first] = matched;
  const isOne = matched.length === 1;
  return {
    effect,
    code,
    rule: first?.ref ?? null,
    override: null,
    matched,
    obligations:
      isOne || first === undefined
        ? (first?.obligations ?? noObligations)
        : mergeObligations(matched.map((rule) => rule.obligations)),
    automation:
      isOne || first === undefined ? (first?.automation ?? null) : matched.reduce(lowestAutomation, first.automation),
    errors,
    observed,
    request,
    snapshot,
  };
}

const lowestAutomation = (lowest: CompiledRule['automation'], rule: CompiledRule): CompiledRule['automation'] =>
  lowerAutomation(lowest, rule.automation);

const detailOf = (outcome: unknown): string =>
  outcome instanceof CelFault ? outcome.detail : 'The condition is no boolean';

function maskOf(dimension: Dimension, value: string | undefined): Int32Array {
  return value === undefined || !dimension.isUsed ? dimension.absent : dimension.maskOf(value);
}

const has = (mask: Int32Array, word: number, bit: number): boolean => ((mask[word] ?? 0) & bit) !== 0;
