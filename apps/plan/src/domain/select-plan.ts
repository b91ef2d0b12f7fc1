import { type BelievedRung, createRandom, drawRungs, seedOf, settleChoice } from '@charter/learning';
import type { PlanChoice, RungRecord } from '@charter/shared/contracts';
import type { Attempt } from './attempt.ts';
import { type Belief, selfRecoveryBelief, successBelief } from './beliefs.ts';
import { type Candidate, causeKey } from './candidate.ts';
import type { Proposal, Situation } from './propose.ts';
import type { PlanningSettings } from './settings.ts';

export interface Selected {
  /** Place of the chosen one among those that were open. */
  readonly index: number;
  readonly choice: PlanChoice;
  /** What exploring saved or spent by this choice before its outcome is known; null when nothing was drawn. */
  readonly credit: { readonly now: number; readonly bar: number; readonly explored: boolean } | null;
}

type Facts = Pick<Situation, 'beliefs' | 'attempts' | 'strategies' | 'saved'>;

/** The choice where nothing is drawn: the best is taken. */
export const surely = (strategy: string, saved = 0): PlanChoice => ({
  propensity: 1,
  seed: null,
  draws: 0,
  runbook: strategy,
  chances: {},
  held: null,
  saved,
});

/** Whether the pack grants one of the candidates behind the best one to be explored. */
export const mayExplore = ({ running }: Pick<Proposal, 'running'>, strategies: Situation['strategies']): boolean =>
  running.length > 1 && running.some(({ candidate }) => isGranted(candidate, strategies));

const isGranted = ({ strategy }: Candidate, strategies: Situation['strategies']): boolean =>
  strategies.some(({ metadata, explore }) => metadata.name === strategy && explore === true);

/**
 * Chooses among the candidates that may be carried out, best first. Where the pack grants exploring, the order of remedies is
 * planned for draws of how likely each helps, from the posteriors of Knowledge with the runbook as prior (posterior
 * sampling); it stays within the conservative budget. The seed alone decides the draws.
 */
export function selectPlan(
  open: ReadonlyArray<{ readonly candidate: Candidate }>,
  facts: Facts,
  { severity }: Pick<Proposal, 'severity'>,
  settings: PlanningSettings,
  seed: string,
): Selected {
  const { beliefs, strategies, saved = 0 } = facts;
  const candidates = open.map(({ candidate }) => candidate);
  const [best] = candidates;
  const places = candidates.flatMap((candidate, place) =>
    place === 0 || isGranted(candidate, strategies) ? [place] : [],
  );
  const arms = places.flatMap((place) => candidates[place] ?? []);
  if (!best || arms.length < 2) return { index: 0, choice: surely(best?.strategy ?? 'null', saved), credit: null };
  const loss = settings.lossBySeverity[severity];
  const recovery = selfRecoveryBelief(causeKey(best.cause), beliefs, settings).mean;
  const believed = arms.map((candidate) => ({ candidate, success: successBelief(candidate, beliefs, settings) }));
  const random = createRandom(seedOf(seed));
  const wins = drawRungs(
    {
      rungs: believed.map(({ candidate, success }): BelievedRung => {
        const seconds = success.secondsToEffect ?? candidate.expectedSeconds;
        const delay = loss * Math.min(1, seconds / settings.horizonSeconds);
        return {
          name: candidate.strategy,
          seconds: candidate.cost + settings.riskWeight * success.harmRate + delay,
          belief: betaFrom(success),
          meant: candidate.cause.confidence,
          otherwise: recovery,
        };
      }),
      giveUpSeconds: loss * (1 - recovery),
      seen: recordOf(
        arms,
        beliefs.recommendations.get(causeKey(best.cause))?.ladder ?? [],
        failedBefore(facts.attempts),
      ),
      carried: settings.priorTrials,
    },
    settings.exploreDraws,
    random,
  );
  const settled = settleChoice({
    wins,
    expected: believed.map(({ success }) => success),
    runbook: 0,
    mayExplore: true,
    saved,
    budget: settings.exploreBudget,
    at: random.uniform(),
  });
  return {
    index: places[settled.arm] ?? 0,
    choice: {
      propensity: settled.propensities[settled.arm] ?? 1,
      seed,
      draws: settings.exploreDraws,
      runbook: best.strategy,
      chances: Object.fromEntries(arms.map(({ strategy }, arm) => [strategy, settled.propensities[arm] ?? 0])),
      held: settled.held,
      saved,
    },
    credit: { now: settled.credit, bar: settled.bar, explored: settled.arm !== 0 },
  };
}

/** The Beta distribution of a mean and its deviation. */
function betaFrom({ mean, deviation }: Belief): { alpha: number; beta: number } {
  const within = Math.min(0.99, Math.max(0.01, mean));
  const trials = Math.max(2, (within * (1 - within)) / Math.max(1e-6, deviation ** 2) - 1);
  return { alpha: within * trials, beta: (1 - within) * trials };
}

const failedBefore = (attempts: readonly Attempt[]): string[] =>
  attempts.flatMap(({ strategy, status, outcome }) =>
    status === 'executed' && outcome !== 'success' ? [strategy] : [],
  );

/** What Knowledge saw of each arm after the failures before this choice and those the plan supposes. */
function recordOf(arms: readonly Candidate[], ladder: readonly RungRecord[], failed: readonly string[]) {
  const keyOf = (names: readonly string[], strategy: string): string =>
    JSON.stringify([[...new Set(names)].toSorted(), strategy]);
  const records = new Map(ladder.map((one) => [keyOf(one.failed, one.strategy), one]));
  return (supposed: number, arm: number): readonly [number, number] => {
    const names = [...failed, ...arms.flatMap(({ strategy }, index) => (supposed & (1 << index) ? [strategy] : []))];
    if (names.length === 0) return [0, 0]; // a first try is what the belief itself is of
    const seen = records.get(keyOf(names, arms[arm]?.strategy ?? ''));
    return seen ? [seen.successes, seen.trials] : [0, 0];
  };
}
