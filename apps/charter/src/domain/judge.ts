import {
  decide,
  type OverrideLayer,
  type PolicyDecision,
  type PolicyRequest,
  type PolicySnapshot,
  reasonsOf,
} from '@charter/policy';
import {
  ActionType,
  type AutomationMode,
  type Decision,
  type DecisionRequest,
  type Window,
} from '@charter/shared/contracts';
import { type AutomationGrant, type EffectiveAutomation, effectiveAutomation } from './automation.ts';
import { contractObligations } from './contract-obligations.ts';
import { coversTarget, openWindows } from './open-windows.ts';
import { type Usage, usedUp } from './usage.ts';

type DecisionReason = Decision['reasons'][number];

/** What governs decisions at one moment. */
export interface Governing {
  /** Names the set of active policies; equal sets have equal names on every replica. */
  readonly policyVersion: string;
  readonly snapshot: PolicySnapshot;
  readonly windows: readonly Window[];
  readonly overrides: OverrideLayer;
  readonly grants: readonly AutomationGrant[];
}

/** What a decision was made of besides the request and the policies: with it anybody can make it again. */
export interface DecisionFacts {
  readonly now: number;
  readonly windows: string[];
  readonly freeze: string | null;
  readonly override: string | null;
  /** The bound that was used up. */
  readonly limit: string | null;
  readonly automation: EffectiveAutomation;
}

export interface Judgement {
  readonly effect: Decision['effect'];
  readonly reasons: readonly DecisionReason[];
  readonly obligations: Decision['obligations'];
  readonly automation: AutomationMode;
  readonly policy: string | null;
  readonly rule: string | null;
  readonly facts: DecisionFacts;
  readonly decided: PolicyDecision;
}

/** Decides a request at `now` (epoch milliseconds). An override comes first, then denials, an open freeze among them. */
export function judge(governing: Governing, request: DecisionRequest, now: number): Judgement {
  const open = openWindows(governing.windows, now);
  const decided = decide(governing.snapshot, policyRequest(request, open, governing.overrides, now));
  const freeze = decided.code === 'override' ? undefined : freezeOf(open, request);
  const automation = effectiveAutomation(
    { policy: decided.rule?.policy ?? null, action: request.action, targetClass: request.targetClass },
    decided.code === 'override' ? 'auto' : decided.automation,
    governing.grants,
  );
  const facts: DecisionFacts = {
    now,
    windows: open.map(({ metadata }) => metadata.name),
    freeze: freeze?.metadata.name ?? null,
    override: decided.override?.id ?? null,
    limit: null,
    automation,
  };
  const common = { decided, facts, automation: automation.mode, policy: decided.rule?.policy ?? null };
  if (freeze !== undefined && decided.effect !== 'deny') {
    const text = `Window ${freeze.metadata.name} freezes ${request.target ?? 'all targets'} now; nothing automatic is done in it`;
    const reason = { policy: null, rule: freeze.metadata.name, line: null, effect: 'deny' as const, text };
    return { ...common, effect: 'deny', reasons: [reason], obligations: {}, rule: freeze.metadata.name };
  }
  return {
    ...common,
    effect: decided.effect,
    reasons: reasonsFrom(decided),
    obligations: decided.effect === 'deny' ? {} : contractObligations(decided.obligations),
    rule: decided.rule?.id ?? null,
  };
}

/** The same judgement where a bound of its rule is used up: a denial that says so. */
export function withinUsage(judgement: Judgement, usage: Usage): Judgement {
  const { decided, facts, policy, rule } = judgement;
  const limit = usedUp(decided.obligations.limit, usage);
  if (limit === null) return judgement;
  const text = `The limit of rule ${rule ?? ''} of ${policy ?? ''} is used up: ${limit}`;
  const reason = { policy, rule, line: decided.rule?.line ?? null, effect: 'deny' as const, text };
  return { ...judgement, effect: 'deny', reasons: [reason], obligations: {}, facts: { ...facts, limit } };
}

export function policyRequest(
  { plan, action, target, targetClass, group, metric, role, purpose, environment, labels }: DecisionRequest,
  open: readonly Window[],
  overrides: OverrideLayer,
  now: number,
): PolicyRequest {
  return {
    action,
    target,
    targetClass,
    group,
    metric,
    role,
    purpose,
    environment,
    labels,
    plan,
    windows: open.map(({ metadata }) => metadata.name),
    now,
    overrides,
  };
}

const isRemediation = (action: string): boolean => ActionType.safeParse(action).success;

const freezeOf = (open: readonly Window[], { action, target }: DecisionRequest): Window | undefined =>
  isRemediation(action) ? open.find((window) => window.type === 'freeze' && coversTarget(window, target)) : undefined;

/** The deciding rule first, then the others that took part, then what is worth knowing besides. */
function reasonsFrom(decided: PolicyDecision): DecisionReason[] {
  const [first = '', ...notes] = reasonsOf(decided);
  const { rule, effect, matched } = decided;
  const deciding = {
    policy: rule?.policy ?? null,
    rule: rule?.id ?? null,
    line: rule?.line ?? null,
    effect,
    text: first,
  };
  const joined = matched.slice(1).map(({ ref }) => ({
    policy: ref.policy,
    rule: ref.id,
    line: ref.line,
    effect: ref.effect,
    text: `Rule ${ref.id} of ${ref.policy} also matches (${ref.effect}); its obligations hold too`,
  }));
  const others = notes.map((text) => ({ policy: null, rule: null, line: null, effect: null, text }));
  return [deciding, ...joined, ...others];
}
