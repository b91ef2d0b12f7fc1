import { reasonsOf, type SampleReason, type SampleVerdict } from '@charter/policy';

export type AnswerReason = SampleReason | 'BYPASSED';

/** What a sender of samples is told; the names of the classic API. */
export interface SampleAnswer {
  readonly isValid: boolean;
  readonly allowed: boolean;
  readonly reason: AnswerReason;
  readonly enforcementAction: 'ALLOW' | 'BLOCK' | 'REJECT';
  readonly errors: readonly string[];
  readonly policyVersion: string;
  readonly decisionId: string;
}

/** A sample that no rule names, while validation is bypassed: let in. What is forbidden or malformed never is. */
export const isBypassed = ({ reason }: SampleVerdict, bypassUntil: number, now: number): boolean =>
  reason === 'NOT_WHITELISTED' && now < bypassUntil;

const none: readonly string[] = [];

export function sampleAnswer(
  verdict: SampleVerdict,
  bypassed: boolean,
  policyVersion: string,
  decisionId: string,
): SampleAnswer {
  const { isValid, allowed, reason, enforcementAction } = verdict;
  if (bypassed) {
    return {
      isValid,
      allowed: true,
      reason: 'BYPASSED',
      enforcementAction: 'ALLOW',
      errors: none,
      policyVersion,
      decisionId,
    };
  }
  return { isValid, allowed, reason, enforcementAction, errors: errorsOf(verdict), policyVersion, decisionId };
}

/** Each way of being refused has a message of its own. */
function errorsOf({ allowed, isValid, errors, reason, metric, decision }: SampleVerdict): readonly string[] {
  if (allowed) return none;
  if (!isValid) return errors;
  const name = metric ?? '';
  const rule = decision?.rule;
  switch (reason) {
    case 'FORBIDDEN':
      return [`${name} is forbidden${rule ? ` by rule ${rule.id} of ${rule.policy}` : ' by an emergency override'}`];
    case 'NOT_WHITELISTED':
      return [`${name} is not whitelisted`];
    case 'APPROVAL_REQUIRED':
      return [`${name} may only be collected after approval`];
    default:
      return decision ? reasonsOf(decision).slice(0, 1) : none;
  }
}
