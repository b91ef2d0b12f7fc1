import type { Severity } from '@charter/shared/contracts';
import { type Belief, type Beliefs, successBelief } from './beliefs.ts';
import { type Candidate, roundTo } from './candidate.ts';
import type { PlanningSettings } from './settings.ts';

export interface Score {
  /** Loss avoided in expectation, 0..0.95. */
  readonly benefit: number;
  readonly cost: number;
  readonly risk: number;
  /** benefit − cost − risk − time. */
  readonly utility: number;
  /** How far the utility above doing nothing may be off. */
  readonly uncertainty: number;
  readonly reasons: readonly string[];
}

export interface Stakes {
  readonly severity: Severity;
  readonly selfRecovery: Belief;
}

const percent = (share: number): string => `${(share * 100).toFixed(0)} %`;
const points = (value: number): string => value.toFixed(3);

/**
 * What acting is worth: with the probability of the root cause the strategy's chance of success counts, otherwise
 * the chance that the violation goes away by itself.
 */
export function expectedUtility(
  candidate: Candidate,
  beliefs: Beliefs,
  { severity, selfRecovery }: Stakes,
  settings: PlanningSettings,
): Score {
  const loss = settings.lossBySeverity[severity];
  const success = successBelief(candidate, beliefs, settings);
  const { confidence } = candidate.cause;
  const recovers = confidence * success.mean + (1 - confidence) * selfRecovery.mean;
  const benefit = Math.min(settings.maxBenefit, loss * recovers);
  const risk = settings.riskWeight * success.harmRate;
  const seconds = success.secondsToEffect ?? candidate.expectedSeconds;
  const time = benefit * Math.min(1, seconds / settings.horizonSeconds);
  const utility = benefit - candidate.cost - risk - time;
  const uncertainty =
    settings.uncertaintyDeviations * loss * confidence * Math.hypot(success.deviation, selfRecovery.deviation);
  return {
    benefit: roundTo(benefit, 4),
    cost: candidate.cost,
    risk: candidate.risk,
    utility: roundTo(utility, 4),
    uncertainty: roundTo(uncertainty, 4),
    reasons: [
      `${percent(recovers)} chance that the violation ends: ${percent(confidence)} that ${candidate.cause.metric} of ${candidate.cause.component} is the cause, ${percent(success.mean)} that the strategy helps then (${success.source})`,
      `benefit ${points(benefit)} − cost ${points(candidate.cost)} − risk ${points(risk)} − time ${points(time)} (${seconds.toFixed(0)} s) = ${points(utility)}`,
    ],
  };
}

/** What doing nothing is worth: it costs nothing, and no time is counted against it. */
export function nullUtility({ severity, selfRecovery }: Stakes, settings: PlanningSettings): Score {
  const benefit = Math.min(settings.maxBenefit, settings.lossBySeverity[severity] * selfRecovery.mean);
  const evidence = selfRecovery.trials > 0 ? `${String(selfRecovery.trials)} seen` : 'no evidence yet, base rate';
  return {
    benefit: roundTo(benefit, 4),
    cost: 0,
    risk: 0,
    utility: roundTo(benefit, 4),
    uncertainty: 0,
    reasons: [`${percent(selfRecovery.mean)} of such violations go away by themselves (${evidence})`],
  };
}
