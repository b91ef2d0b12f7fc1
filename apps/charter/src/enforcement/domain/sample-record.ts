import { collectAction, reasonsOf, type SampleVerdict } from '@charter/policy';
import type { DecisionRequest } from '@charter/shared/contracts';
import type { RecordedDecision } from '../../adapters/decision-record.ts';
import { type AutomationGrant, effectiveAutomation } from '../../domain/automation.ts';
import type { SampleAnswer } from './sample-answer.ts';
import { storableName } from './storable-name.ts';

export interface DecidedSample {
  readonly verdict: SampleVerdict;
  readonly answer: SampleAnswer;
  readonly source: string;
  /** Names of the windows that were open. */
  readonly windows: readonly string[];
  readonly grants: readonly AutomationGrant[];
  readonly now: number;
}

/** A verdict as the record of decisions keeps it. What was malformed is recorded as a question about no metric. */
export function sampleRecord({ verdict, answer, source, windows, grants, now }: DecidedSample): RecordedDecision {
  const { decision, isValid, isForbiddenAttempt, metric } = verdict;
  const isDecided = isValid || isForbiddenAttempt;
  const rule = isDecided ? (decision?.rule ?? null) : null;
  const automation = effectiveAutomation(
    { policy: rule?.policy ?? null, action: collectAction, targetClass: undefined },
    decision?.automation ?? null,
    grants,
  );
  const effect = answer.allowed
    ? 'allow'
    : decision?.effect === 'require-approval' && isValid
      ? 'require-approval'
      : 'deny';
  const text = textOf(verdict, answer);
  const labels = decision?.request.labels;
  const request: DecisionRequest = {
    action: collectAction,
    subject: source,
    ...(isDecided && metric !== null ? { metric: storableName(metric) } : {}),
    ...(isDecided && labels ? { labels: recordable(labels) } : {}),
  };
  return {
    id: answer.decisionId,
    request,
    policy: rule?.policy ?? null,
    rule: rule?.id ?? null,
    decision: {
      effect,
      reasons: [
        {
          policy: rule?.policy ?? null,
          rule: rule?.id ?? null,
          line: rule?.line ?? null,
          effect,
          text: text.slice(0, 1_000),
        },
      ],
      obligations: {},
      automation: automation.mode,
      policyVersion: answer.policyVersion,
      decisionId: answer.decisionId,
      decidedAt: new Date(now).toISOString(),
    },
    facts: {
      now,
      windows: [...windows],
      freeze: null,
      override: answer.reason === 'BYPASSED' ? 'validation-bypass' : (decision?.override?.id ?? null),
      limit: null,
      automation,
    },
  };
}

function textOf({ metric, decision }: SampleVerdict, { reason, errors }: SampleAnswer): string {
  if (reason === 'BYPASSED') return `${metric ?? ''} is let in while validation is bypassed`;
  if (errors.length > 0) return errors.join('; ').replaceAll('\0', '');
  return decision ? (reasonsOf(decision)[0] ?? reason) : reason;
}

const recordable = (labels: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(labels)
      .filter(([key]) => key.length <= 200 && !key.includes('\0'))
      .map(([key, value]) => [key, value.replaceAll('\0', '')]),
  );
