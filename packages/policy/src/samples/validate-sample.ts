import type { PolicySnapshot } from '../compile/snapshot.ts';
import { decide } from '../decide/decide.ts';
import type { PolicyDecision } from '../decide/decision.ts';
import type { OverrideLayer } from '../decide/overrides.ts';
import { collectAction } from '../document/rules-from-classic.ts';
import { checkSample, defaultSampleLimits, type Sample, type SampleLimits } from './check-sample.ts';

export type SampleReason =
  | 'WHITELISTED'
  | 'FORBIDDEN'
  | 'NOT_WHITELISTED'
  | 'APPROVAL_REQUIRED'
  | 'OVERRIDDEN'
  | 'INVALID';
/** BLOCK is an attempt at something forbidden; REJECT is merely not taken in. */
export type EnforcementAction = 'ALLOW' | 'BLOCK' | 'REJECT';

export interface SampleVerdict {
  /** The fields are present and well formed. */
  readonly isValid: boolean;
  readonly allowed: boolean;
  readonly reason: SampleReason;
  readonly enforcementAction: EnforcementAction;
  /** One message for each thing that is wrong; empty for a valid sample. */
  readonly errors: readonly string[];
  /** The metric's name when it could be read. */
  readonly metric: string | null;
  readonly source: string | null;
  /** The policy and rule behind the verdict; null when the sample could not be decided at all. */
  readonly decision: PolicyDecision | null;
  /** An attempt at a forbidden metric: belongs on the escalation ladder, whether or not the sample was valid. */
  readonly isForbiddenAttempt: boolean;
}

export interface BatchVerdict {
  readonly total: number;
  readonly passed: number;
  readonly blocked: number;
  readonly all_valid: boolean;
  readonly results: readonly SampleVerdict[];
}

export interface SampleContext {
  readonly limits?: SampleLimits;
  /** Assumed environment; by default the snapshot's. */
  readonly environment?: string;
  readonly overrides?: OverrideLayer;
  /** Names of the windows that are open now. */
  readonly windows?: readonly string[];
}

const noErrors: readonly string[] = [];
const noContext: SampleContext = {};

/** Decides whether a metric sample may be collected. `now` is epoch milliseconds. Never throws. */
export function validateSample(
  snapshot: PolicySnapshot,
  raw: unknown,
  now: number,
  context: SampleContext = noContext,
): SampleVerdict {
  const checked = checkSample(raw, now, context.limits ?? defaultSampleLimits);
  if (checked.ok) return verdictOn(checked.sample, decideSample(snapshot, checked.sample, now, context));
  const { errors, name } = checked;
  const bare = { metric_name: name ?? '', value: undefined, source: undefined, labels: undefined };
  const decision = name === null ? null : decideSample(snapshot, bare, now, context);
  const isForbiddenAttempt = decision !== null && isForbidden(decision);
  return {
    isValid: false,
    allowed: false,
    reason: 'INVALID',
    enforcementAction: isForbiddenAttempt ? 'BLOCK' : 'REJECT',
    errors,
    metric: name,
    source: null,
    decision,
    isForbiddenAttempt,
  };
}

/** Validates samples one by one; an empty batch is valid. */
export function validateBatch(
  snapshot: PolicySnapshot,
  samples: readonly unknown[],
  now: number,
  context: SampleContext = noContext,
): BatchVerdict {
  const results = samples.map((sample) => validateSample(snapshot, sample, now, context));
  let passed = 0;
  for (const { allowed } of results) if (allowed) passed += 1;
  return {
    total: results.length,
    passed,
    blocked: results.length - passed,
    all_valid: passed === results.length,
    results,
  };
}

function decideSample(
  snapshot: PolicySnapshot,
  sample: { readonly [K in keyof Omit<Sample, 'timestamp'>]: Sample[K] | undefined } & { readonly metric_name: string },
  now: number,
  context: SampleContext,
): PolicyDecision {
  return decide(snapshot, {
    action: collectAction,
    metric: sample.metric_name,
    source: sample.source,
    environment: context.environment ?? snapshot.defaultEnvironment ?? undefined,
    labels: sample.labels,
    value: sample.value,
    windows: context.windows,
    now,
    overrides: context.overrides,
  });
}

function verdictOn(sample: Sample, decision: PolicyDecision): SampleVerdict {
  const isForbiddenAttempt = isForbidden(decision);
  const allowed = decision.effect === 'allow';
  return {
    isValid: true,
    allowed,
    reason: reasonFor(decision),
    enforcementAction: allowed ? 'ALLOW' : isForbiddenAttempt ? 'BLOCK' : 'REJECT',
    errors: noErrors,
    metric: sample.metric_name,
    source: sample.source,
    decision,
    isForbiddenAttempt,
  };
}

/** Denied by a rule or an override, not merely by the absence of one. */
const isForbidden = ({ effect, code }: PolicyDecision): boolean => effect === 'deny' && code !== 'default-deny';

function reasonFor(decision: PolicyDecision): SampleReason {
  if (decision.effect === 'allow') return decision.code === 'override' ? 'OVERRIDDEN' : 'WHITELISTED';
  if (decision.effect === 'require-approval') return 'APPROVAL_REQUIRED';
  return isForbidden(decision) ? 'FORBIDDEN' : 'NOT_WHITELISTED';
}
