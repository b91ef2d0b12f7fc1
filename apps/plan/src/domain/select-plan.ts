import { type BelievedRung, createRandom, drawRungs, seedOf, settleChoice } from '@charter/learning';
import type { PlanChoice, RungRecord } from '@charter/shared/contracts';
import type { Attempt } from './attempt.ts';
import { type Belief, selfRecoveryBelief, successBelief } from './beliefs.ts';
import { type Candidate, causeKey } from './candidate.ts';
import { isGranted, type Proposal, type Situation } from './propose.ts';
import { nullStrategy } from './rank-plans.ts';
import type { PlanningSettings } from './settings.ts';

export interface Selected {
  /** Place of the chosen one among those that were open; −1 is doing nothing. */
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

/** Whether the pack grants one of the candidates behind the best one, which may be doing nothing, to be explored. */
export const mayExplore = (
  { running, exploring }: Pick<Proposal, 'running' | 'exploring'>,
  strategies: Situation['strategies'],
): boolean =>
  exploring.length > 0 || (running.length > 1 && running.some(({ candidate }) => isGranted(candidate, strategies)));

/**
 * Chooses among the candidates that may be carried out, best first. Where the pack grants exploring, the order of remedies is
 * planned for draws of how likely each helps, from the posteriors of Knowledge with the runbook as prior (posterior
 * sampling); it stays within the conservative budget. Where nothing is known to beat doing nothing, that is the runbook, and what
 * may beat it is tried as far as the budget reaches. The seed alone decides the draws.
 */
export function selectPlan(
  open: ReadonlyArray<{ readonly candidate: Candidate }>,
  facts: Facts,
  { severity, exploring }: Pick<Proposal, 'severity' | 'exploring'>,
  settings: PlanningSettings,
  seed: string,
): Selected {
  const { beliefs, strategies, saved = 0 } = facts;
  const candidates = open.map(({ candidate }) => candidate);
  const [best] = candidates;
  if (!best) return { index: 0, choice: surely(nullStrategy), credit: null };
  const fromNothing = exploring.some(({ candidate }) => candidate.id === best.id);
  const places = candidates.flatMap((candidate, place) =>
    place === 0 || isGranted(candidate, strategies) ? [place] : [],
  );
  const arms = places.flatMap((place) => candidates[place] ?? []);
  if (arms.length < 2 && !fromNothing) return { index: 0, choice: surely(best.strategy, saved), credit: null };
  const loss = settings.lossBySeverity[severity];
  const recovery = selfRecoveryBelief(causeKey(best.cause), beliefs, settings);
  const believed = arms.map((candidate) => ({ candidate, success: successBelief(candidate, beliefs, settings) }));
  const giveUpSeconds = loss * (1 - recovery.mean);
  const rungs = believed.map(({ candidate, success }): BelievedRung => {
    const seconds = success.secondsToEffect ?? candidate.expectedSeconds;
    const delay = loss * Math.min(1, seconds / settings.horizonSeconds);
    return {
      name: candidate.strategy,
      seconds: candidate.cost + settings.riskWeight * success.harmRate + delay,
      belief: betaFrom(success),
      meant: candidate.cause.confidence,
      otherwise: recovery.mean,
    };
  });
  // giving up stands first where it is the runbook: no plan takes it as a step, draws that give up fall on it
  const nothing: BelievedRung = {
    name: nullStrategy,
    seconds: giveUpSeconds,
    belief: betaFrom(recovery),
    meant: 1,
    otherwise: 0,
  };
  const ahead = fromNothing ? [nothing] : [];
  const names = [...ahead, ...rungs].map(({ name }) => name);
  const random = createRandom(seedOf(seed));
  const wins = drawRungs(
    {
      rungs: [...ahead, ...rungs],
      giveUpSeconds,
      seen: recordOf(
        names,
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
    expected: [...(fromNothing ? [recovery] : []), ...believed.map(({ success }) => success)],
    runbook: 0,
    mayExplore: true,
    saved,
    budget: settings.exploreBudget,
    at: random.uniform(),
  });
  const place = settled.arm - ahead.length;
  return {
    index: place < 0 ? -1 : (places[place] ?? 0),
    choice: {
      propensity: settled.propensities[settled.arm] ?? 1,
      seed,
      draws: settings.exploreDraws,
      runbook: names[0] ?? best.strategy,
      chances: Object.fromEntries(names.map((name, arm) => [name, settled.propensities[arm] ?? 0])),
      held: settled.held,
      saved,
    },
    // doing nothing saves nothing up
    credit: place < 0 ? null : { now: settled.credit, bar: settled.bar, explored: settled.arm !== 0 },
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
function recordOf(arms: readonly string[], ladder: readonly RungRecord[], failed: readonly string[]) {
  const keyOf = (names: readonly string[], strategy: string): string =>
    JSON.stringify([[...new Set(names)].toSorted(), strategy]);
  const records = new Map(ladder.map((one) => [keyOf(one.failed, one.strategy), one]));
  const known = new Map<number, readonly [number, number]>();
  const look = (supposed: number, arm: number): readonly [number, number] => {
    const names = [...failed, ...arms.filter((_, index) => supposed & (1 << index))];
    if (names.length === 0) return [0, 0]; // a first try is what the belief itself is of
    const seen = records.get(keyOf(names, arms[arm] ?? ''));
    return seen ? [seen.successes, seen.trials] : [0, 0];
  };
  return (supposed: number, arm: number): readonly [number, number] => {
    const key = supposed * arms.length + arm; // asked once for every draw
    const before = known.get(key) ?? look(supposed, arm);
    known.set(key, before);
    return before;
  };
}
