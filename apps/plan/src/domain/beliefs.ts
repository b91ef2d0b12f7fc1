import { carriedBy, successBelief as learn } from '@charter/learning';
import type { ActionBelief, Recommendation } from '@charter/shared/contracts';
import { type Candidate, causeKey } from './candidate.ts';
import type { PlanningSettings } from './settings.ts';

/** A learned prior of one strategy, from Knowledge's adaptations. */
export interface LearnedPrior {
  readonly success: number;
  readonly confidence: number;
}

/** What is known before acting. Recommendations by `component/metric` of the root cause; absent ones fall back to the pack. */
export interface Beliefs {
  readonly recommendations: ReadonlyMap<string, Recommendation>;
  readonly priors: ReadonlyMap<string, LearnedPrior>;
}

export interface Belief {
  readonly mean: number;
  /** Standard deviation of the mean. */
  readonly deviation: number;
  readonly trials: number;
}

export interface SuccessBelief extends Belief {
  /** Share of trials that made things worse. */
  readonly harmRate: number;
  readonly secondsToEffect: number | null;
  /** Where it comes from, in words. */
  readonly source: string;
}

/** Half of a 90 % interval in standard deviations. */
const deviationsOf90 = 1.645;

/** Chance that a candidate resolves the violation if its root cause is right. */
export function successBelief(candidate: Candidate, beliefs: Beliefs, settings: PlanningSettings): SuccessBelief {
  const seen = beliefFor(candidate, beliefs.recommendations.get(causeKey(candidate.cause))?.actions ?? []);
  if (!seen) return expectation(candidate, beliefs, settings);
  const prior = priorBelief(candidate.expectedSuccess, settings.priorTrials);
  const posterior = blend(prior, seen, settings.priorTrials);
  const weight = seen.trials / (seen.trials + settings.priorTrials);
  return {
    ...posterior,
    harmRate: weight * Math.min(1, seen.harms / seen.trials) + (1 - weight) * candidate.risk,
    secondsToEffect: seen.meanTimeToEffectSeconds,
    source: `${String(seen.trials)} trials of ${seen.action} on ${seen.targetClass}, and the pack's expectation`,
  };
}

/** Without trials for this root cause: what the pack expects, as far as Knowledge has not adapted it or found it written of. */
function expectation(candidate: Candidate, beliefs: Beliefs, settings: PlanningSettings): SuccessBelief {
  const learned = beliefs.priors.get(candidate.strategy);
  const adapted = learned
    ? learned.confidence * learned.success + (1 - learned.confidence) * candidate.expectedSuccess
    : candidate.expectedSuccess;
  const passage = beliefs.recommendations
    .get(causeKey(candidate.cause))
    ?.passages?.find(({ strategy }) => strategy === candidate.strategy);
  const mean = Math.min(0.99, Math.max(0.01, adapted + (passage?.shift ?? 0)));
  const source = learned ? 'the expectation Knowledge adapted' : "the pack's expectation";
  return {
    ...priorBelief(passage ? mean : adapted, settings.priorTrials),
    harmRate: candidate.risk,
    secondsToEffect: null,
    source: passage ? `${source}, ${passage.reason}` : source,
  };
}

/** Chance that the violation goes away by itself. */
export function selfRecoveryBelief(cause: string | null, beliefs: Beliefs, settings: PlanningSettings): Belief {
  const prior = priorBelief(settings.selfRecovery, settings.priorTrials);
  const seen = cause === null ? undefined : beliefs.recommendations.get(cause)?.selfRecovery;
  return seen && seen.trials > 0 ? blend(prior, seen, settings.priorTrials) : prior;
}

/** The strategy's own evidence before pooled evidence; of several actions the one that succeeds least. */
function beliefFor(candidate: Candidate, actions: readonly ActionBelief[]): ActionBelief | undefined {
  const fitting = actions.filter(
    ({ action, targetClass, trials }) =>
      trials > 0 &&
      candidate.actions.some(
        (planned) => planned.action === action && candidate.classes[planned.target] === targetClass,
      ),
  );
  const own = fitting.filter(({ strategy }) => strategy === candidate.strategy);
  const pooled = fitting.filter(({ strategy }) => strategy === null);
  return (own.length > 0 ? own : pooled).toSorted(byMeanThenName)[0];
}

const byMeanThenName = (a: ActionBelief, b: ActionBelief): number =>
  a.mean - b.mean ||
  b.trials - a.trials ||
  a.action.localeCompare(b.action) ||
  a.targetClass.localeCompare(b.targetClass);

const priorBelief = (mean: number, trials: number): Belief => ({
  mean,
  deviation: Math.sqrt((mean * (1 - mean)) / (trials + 1)),
  trials: 0,
});

/** The more trials contradict what was expected, the less it counts beside them. */
function blend(
  prior: Belief,
  seen: {
    readonly trials: number;
    readonly successes?: number;
    readonly mean: number;
    readonly lower: number;
    readonly upper: number;
  },
  priorTrials: number,
): Belief {
  const mean = Math.min(0.99, Math.max(0.01, prior.mean));
  const expected = { alpha: mean * priorTrials, beta: (1 - mean) * priorTrials };
  const shown = {
    weight: seen.trials,
    successes: Math.min(seen.trials, seen.successes ?? seen.mean * seen.trials),
    harms: 0,
  };
  const carried = carriedBy(expected, shown, learn, priorTrials);
  const weight = seen.trials / (seen.trials + carried);
  const deviation = (seen.upper - seen.lower) / (2 * deviationsOf90);
  return {
    mean: weight * seen.mean + (1 - weight) * prior.mean,
    deviation: Math.hypot(weight * deviation, (1 - weight) * prior.deviation),
    trials: seen.trials,
  };
}
