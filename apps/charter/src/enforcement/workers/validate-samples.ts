import {
  defaultEscalation,
  type EscalationRules,
  type PolicySnapshot,
  type SampleContext,
  type SampleVerdict,
  validateSample,
} from '@charter/policy';
import { newId } from '@charter/store';
import type { DecisionRecord } from '../../adapters/decision-record.ts';
import type { Governance, GoverningNow } from '../../adapters/governance.ts';
import { openWindows } from '../../domain/open-windows.ts';
import type { AllowedCounts } from '../adapters/allowed-counts.ts';
import type { ForbiddenAttempt } from '../adapters/climb-ladder.ts';
import type { EvaluationSpec } from '../domain/component-spec.ts';
import { isBypassed, type SampleAnswer, sampleAnswer } from '../domain/sample-answer.ts';
import { sampleRecord } from '../domain/sample-record.ts';
import { storableName } from '../domain/storable-name.ts';
import type { DomainMetrics } from '../metrics.ts';

export interface ValidateDeps {
  readonly governance: Pick<Governance, 'current'>;
  readonly decisions: Pick<DecisionRecord, 'record'>;
  readonly allowed: AllowedCounts;
  readonly metrics: DomainMetrics;
  readonly spec: () => EvaluationSpec;
}

export interface ValidatedSample {
  readonly answer: SampleAnswer;
  /** What belongs on the escalation ladder. */
  readonly attempt: ForbiddenAttempt | null;
}

/** Allowed samples recorded one by one, a second; all are counted. */
const recordedPerSecond = 50;
/** Under which name attempts against a denying override are counted. */
const overridePolicy = 'emergency override';

interface Prepared {
  readonly governing: GoverningNow;
  /** Windows open and close by the second. */
  readonly second: number;
  readonly context: SampleContext & { readonly windows: readonly string[] };
  readonly escalation: ReadonlyMap<string, EscalationRules>;
}

/** Decides samples in memory. Nothing here waits: what has to be recorded goes to buffers. */
export function validateSamples({ governance, decisions, allowed, metrics, spec }: ValidateDeps) {
  let prepared: Prepared | null = null;
  let recording = { second: 0, count: 0 };

  function prepare(now: number): Prepared {
    const governing = governance.current();
    const second = Math.floor(now / 1_000);
    if (prepared?.governing === governing && prepared.second === second) return prepared;
    const windows = openWindows(governing.windows, now).map(({ metadata }) => metadata.name);
    prepared = {
      governing,
      second,
      context: { overrides: governing.overrides, windows },
      escalation: prepared?.governing === governing ? prepared.escalation : escalationOf(governing.snapshot),
    };
    return prepared;
  }

  function isRecorded(now: number): boolean {
    const second = Math.floor(now / 1_000);
    if (recording.second !== second) recording = { second, count: 0 };
    recording.count += 1;
    return recording.count <= recordedPerSecond;
  }

  return (raw: unknown): ValidatedSample => {
    const now = Date.now();
    const { governing, context, escalation } = prepare(now);
    const startedAt = performance.now();
    const verdict = validateSample(governing.snapshot, raw, now, context);
    metrics.validated((performance.now() - startedAt) / 1_000);
    const { bypassUntil } = spec();
    const bypassed = bypassUntil !== null && isBypassed(verdict, Date.parse(bypassUntil), now);
    const answer = sampleAnswer(verdict, bypassed, governing.policyVersion, newId());
    if (answer.allowed) allowed.count(verdict.decision?.rule ?? null);
    if (!answer.allowed || isRecorded(now)) {
      void decisions.record(
        sampleRecord({
          verdict,
          answer,
          source: sourceOf(raw),
          windows: context.windows,
          grants: governing.grants,
          now,
        }),
      );
    }
    return { answer, attempt: verdict.isForbiddenAttempt ? attemptOf(verdict, raw, escalation, now) : null };
  };
}
export type ValidateSample = ReturnType<typeof validateSamples>;

const rulesOf = ({ windowSeconds, levels }: { windowSeconds: number; levels: EscalationRules['levels'] }) => ({
  windowMs: windowSeconds * 1_000,
  levels: levels.length > 0 ? levels : defaultEscalation.levels,
});

const escalationOf = ({ policies }: PolicySnapshot): Map<string, EscalationRules> =>
  new Map(policies.map(({ name, escalation }) => [name, rulesOf(escalation)]));

function attemptOf(
  { metric, decision }: SampleVerdict,
  raw: unknown,
  escalation: Prepared['escalation'],
  at: number,
): ForbiddenAttempt {
  const policy = decision?.rule?.policy ?? overridePolicy;
  return {
    metric: storableName(metric ?? ''),
    policy,
    source: sourceOf(raw),
    at,
    rules: escalation.get(policy) ?? rulesOf(defaultEscalation),
  };
}

/** Who sent it, also when the sample is malformed otherwise. */
function sourceOf(raw: unknown): string {
  const source = typeof raw === 'object' && raw !== null && 'source' in raw ? raw.source : undefined;
  return typeof source === 'string' ? storableName(source) : 'unknown';
}
