import { ignorance, intervalOf, successBelief, type Tally } from '@charter/learning';
import type { Outcome, OutcomeType } from '@charter/shared/contracts';
import type { KeyedTally } from './action-evidence.ts';
import { count, listed, percent, seconds } from './words.ts';

const verbs: Readonly<Record<Exclude<OutcomeType, 'unknown'>, string>> = {
  success: 'resolved',
  partial: 'eased',
  ineffective: 'did not help against',
  degradation: 'made things worse for',
};

/** What an outcome taught, in a sentence. `learned` are the tallies it changed, as they stand now. */
export function lessonFrom(outcome: Outcome, learned: readonly KeyedTally[]): string {
  const { type, executed, component, rootCause, timeToStabilizeSeconds } = outcome;
  const problem = rootCause ? `${rootCause.metric} of ${component}` : `the incident of ${component}`;
  if (type === 'unknown') {
    return executed
      ? `Whether ${namesOf(outcome)} helped against ${problem} could not be told, so nothing is learned from it.`
      : `Nothing was done about ${problem} (${outcome.disposition}); what becomes of it is watched.`;
  }
  if (!executed) return `${aloneText(type, problem)}${recoveryText(learned)}`;
  const after = type === 'success' && timeToStabilizeSeconds !== null ? ` in ${seconds(timeToStabilizeSeconds)}` : '';
  return `${namesOf(outcome)} ${verbs[type]} ${problem}${after}.${actionText(learned)}`;
}

function namesOf({ actions, strategy }: Outcome): string {
  if (actions.length === 0) return strategy;
  return listed([...new Set(actions.map(({ action, target }) => `${action} on ${target}`))]);
}

const aloneText = (type: OutcomeType, problem: string): string =>
  type === 'success' ? `${problem} recovered by itself.` : `${problem} did not recover by itself.`;

function recoveryText(learned: readonly KeyedTally[]): string {
  const one = learned.find(({ kind }) => kind === 'recovery');
  return one ? ` Left alone, ${one.rootCause} now goes away in ${rateText(one.tally)}.` : '';
}

function actionText(learned: readonly KeyedTally[]): string {
  const one = learned.find(({ kind }) => kind === 'action');
  return one ? ` ${one.action} on ${one.target} against ${one.rootCause} now stands at ${rateText(one.tally)}.` : '';
}

function rateText(tally: Tally): string {
  const { mean, lower, upper } = intervalOf(successBelief(ignorance, tally));
  return `${percent(mean)} after ${count(tally.trials, 'trial')} (90 % interval ${percent(lower)} to ${percent(upper)})`;
}
