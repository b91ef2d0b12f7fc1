import { logBeta } from './beta-distribution.ts';
import type { RecentTrial, Tally } from './tally.ts';

/** From when on trials go otherwise than before. */
export interface Change {
  /** Milliseconds since the epoch: the first trial of the new kind. */
  readonly at: number;
  /** Mean success before, and since in so many trials. */
  readonly before: number;
  readonly since: number;
  readonly trials: number;
  /** Logarithm of how much better the trials are explained by a change then than by none. */
  readonly evidence: number;
}

/** Evidence that calls a change (about 150 to 1), the difference that matters, and the trials that all before it may count for. */
export const changeFloor = { evidence: 5, difference: 0.25, kept: 0.2 } as const;

/** Moments that are looked at, so that a look costs the same however much is known. */
const mostTurns = 32;

const dayMs = 86_400_000;

interface Sums {
  readonly weight: number;
  readonly successes: number;
}

/** Logarithm of the chance of such trials in their order, every rate being as likely before. */
const likelihood = ({ weight, successes }: Sums): number =>
  logBeta(1 + Math.max(0, successes), 1 + Math.max(0, weight - successes));

/**
 * The likeliest moment at which the remembered trials of all these tallies together stopped going as before, each tally
 * at a rate of its own before and since (Bayes factor over change points, Barry and Hartigan 1993); null when the evidence
 * does not reach `changeFloor`.
 */
export function changeIn(tallies: readonly Tally[], halfLifeDays: number): Change | null {
  const seen = tallies
    .filter(({ recent }) => recent.length > 0)
    .map((tally) => ({ ...tally, latest: tally.recent.at(-1)?.at ?? 0, alone: likelihood(tally) }));
  let found: Change | null = null;
  for (const at of turnsOf(seen)) {
    let evidence = 0;
    const before = { weight: 0, successes: 0 };
    const since = { weight: 0, successes: 0, trials: 0 };
    for (const tally of seen) {
      if (tally.latest < at) continue;
      const fresh = tally.recent.filter((one) => one.at >= at);
      const late = sumOf(fresh, tally.asOf, halfLifeDays);
      const early = { weight: tally.weight - late.weight, successes: tally.successes - late.successes };
      evidence += likelihood(early) + likelihood(late) - tally.alone;
      before.weight += early.weight;
      before.successes += early.successes;
      since.weight += late.weight;
      since.successes += late.successes;
      since.trials += fresh.length;
    }
    if (evidence < (found?.evidence ?? changeFloor.evidence) || before.weight < 1 || since.weight <= 0) continue;
    const rates = { before: before.successes / before.weight, since: since.successes / since.weight };
    if (Math.abs(rates.before - rates.since) < changeFloor.difference) continue;
    found = { at, ...rates, trials: since.trials, evidence };
  }
  return found;
}

/** The latest moments at which a change may have begun: where a trial went otherwise than the one before it. */
function turnsOf(tallies: readonly Tally[]): number[] {
  const turns = tallies.flatMap(({ recent }) =>
    recent.flatMap(({ at, success }, index) => (recent[index - 1]?.success === success ? [] : [at])),
  );
  return [...new Set(turns)].toSorted((a, b) => a - b).slice(-mostTurns);
}

function sumOf(trials: readonly RecentTrial[], asOf: number, halfLifeDays: number): Sums {
  let [weight, successes] = [0, 0];
  for (const trial of trials) {
    const kept = trial.weight * 0.5 ** (Math.max(0, asOf - trial.at) / dayMs / halfLifeDays);
    weight += kept;
    successes += kept * trial.success;
  }
  return { weight, successes };
}

/**
 * The tally with a shorter memory of success: what was before `at` counts for `kept` trials at most. Harm, side effects and
 * times stay as they are, and so does the count of trials: what did harm once is not forgiven by a change.
 */
export function sinceChange(tally: Tally, at: number, halfLifeDays: number, kept: number = changeFloor.kept): Tally {
  const late = sumOf(
    tally.recent.filter((one) => one.at >= at),
    tally.asOf,
    halfLifeDays,
  );
  const early = { weight: tally.weight - late.weight, successes: tally.successes - late.successes };
  const share = early.weight > kept ? kept / early.weight : 1;
  return {
    ...tally,
    weight: late.weight + share * early.weight,
    successes: late.successes + share * early.successes,
  };
}
