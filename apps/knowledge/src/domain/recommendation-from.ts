import { confidenceAt, intervalOf, meanSeconds } from '@charter/learning';
import { ActionBelief, type AutomationMode, type Recommendation } from '@charter/shared/contracts';
import { type ActionEvidence, actionEvidence, type KeyedTally, recoveryEvidence } from './action-evidence.ts';
import { changeText, percent } from './words.ts';

export type EarnedModes = (action: string, targetClass: string) => AutomationMode;

/** What helps against a root cause, best first; rank is by the lower bound, so that little evidence does not shine. */
export function recommendationFrom(
  tallies: readonly KeyedTally[],
  asked: { readonly rootCause: string; readonly component: string | null },
  earned: EarnedModes,
  halfLifeDays: number,
  seen: Pick<Recommendation, 'ladder' | 'passages'> = {},
): Recommendation {
  const { rootCause, component } = asked;
  const evidence = actionEvidence(tallies, halfLifeDays, { rootCause, target: component });
  const actions = evidence
    .filter(({ tally }) => tally.trials > 0)
    .map((one) => beliefOf(one, earned))
    .toSorted(byLowerThenName);
  const pooled = actions.filter(({ strategy }) => strategy === null);
  const best = pooled[0] ?? null;
  const { tally, belief } = recoveryEvidence(tallies, halfLifeDays, rootCause);
  const selfRecovery = { trials: tally.trials, ...intervalOf(belief) };
  const reason = reasonFor(best, pooled[1], selfRecovery);
  return {
    rootCause,
    component,
    best,
    reason: [reason, ...changesOf(evidence)].join(' '),
    actions,
    selfRecovery,
    ...seen,
  };
}

function beliefOf(
  { action, targetClass, strategy, tally, present, success }: ActionEvidence,
  earned: EarnedModes,
): ActionBelief {
  return ActionBelief.parse({
    action,
    targetClass,
    strategy,
    trials: tally.trials,
    successes: tally.successes,
    harms: tally.harms,
    ...intervalOf(success),
    meanTimeToEffectSeconds: meanSeconds(tally),
    confidence: confidenceAt(present.weight),
    earned: earned(action, targetClass),
  });
}

/** What no longer works as it did, or works by now. */
const changesOf = (evidence: readonly ActionEvidence[]): string[] =>
  evidence.flatMap(({ strategy, action, targetClass, change }) =>
    strategy === null && change !== null
      ? [`${action} on ${targetClass} does not work as it did: ${changeText(change)}.`]
      : [],
  );

const byLowerThenName = (a: ActionBelief, b: ActionBelief): number =>
  b.lower - a.lower ||
  a.action.localeCompare(b.action) ||
  a.targetClass.localeCompare(b.targetClass) ||
  (a.strategy ?? '').localeCompare(b.strategy ?? '');

function reasonFor(
  best: ActionBelief | null,
  second: ActionBelief | undefined,
  selfRecovery: Recommendation['selfRecovery'],
): string {
  const alone =
    selfRecovery.trials === 0
      ? 'it was never seen left alone'
      : `left alone it went away in ${percent(selfRecovery.mean)} of ${String(selfRecovery.trials)} cases`;
  if (!best) return `Nothing was tried against it yet; ${alone}.`;
  const rival = second ? `, before ${second.action} on ${second.targetClass} (at least ${percent(second.lower)})` : '';
  return (
    `${best.action} on ${best.targetClass} helped in ${percent(best.mean)} of ${String(best.trials)} trials, ` +
    `at least ${percent(best.lower)} with 95 % confidence${rival}; ${alone}.`
  );
}
