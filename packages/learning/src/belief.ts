import { betaQuantile, logBeta, regularizedBeta } from './beta-distribution.ts';
import type { Tally } from './tally.ts';

/** A Beta distribution over a rate: `alpha` for, `beta` against. */
export interface BetaBelief {
  readonly alpha: number;
  readonly beta: number;
}

export interface RateInterval {
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** Knows nothing: every rate is as likely. */
export const ignorance: BetaBelief = { alpha: 1, beta: 1 };
/** Before evidence harm is rare: half a harmful try in ten. */
export const harmPrior: BetaBelief = { alpha: 0.5, beta: 9.5 };

/** Trials that knowledge of the like may count for at most, however much there is of it. */
export const carriedTrials = 10;
/** What is left of them: all where own trials agree, less the more they contradict. */
const carriedShares = [1, 0.5, 0.2, 0.1] as const;

export const meanOf = ({ alpha, beta }: BetaBelief): number => alpha / (alpha + beta);

/** What a posterior needs of a tally. */
export type Evidence = Pick<Tally, 'weight' | 'successes' | 'harms'>;

/** Posterior of verified success. Decayed tallies widen: what is long ago counts less. */
export const successBelief = (prior: BetaBelief, { successes, weight }: Evidence): BetaBelief => ({
  alpha: prior.alpha + successes,
  beta: prior.beta + Math.max(0, weight - successes),
});

/** Posterior of harm. */
export const harmBelief = (prior: BetaBelief, { harms, weight }: Evidence): BetaBelief => ({
  alpha: prior.alpha + harms,
  beta: prior.beta + Math.max(0, weight - harms),
});

/**
 * Success of the most specific of several levels, from the general to the specific: each level starts from the one
 * before, which counts for as many trials, up to `carriedTrials`, as explain the level's own trials best (empirical Bayes). Levels must
 * not share trials.
 */
export function pooledBelief(
  levels: readonly Tally[],
  learn: typeof successBelief = successBelief,
  prior: BetaBelief = ignorance,
): BetaBelief {
  return levels.reduce((belief, tally) => learn(shrink(belief, carriedBy(belief, tally, learn)), tally), prior);
}

/** For how many trials what is known of the like counts beside these own ones; the most while there are none. */
export function carriedBy(
  known: BetaBelief,
  own: Evidence,
  learn: typeof successBelief = successBelief,
  most: number = carriedTrials,
): number {
  let best = { evidence: Number.NEGATIVE_INFINITY, trials: most };
  for (const share of carriedShares) {
    const carried = shrink(known, most * share);
    const learned = learn(carried, own);
    const evidence = logBeta(learned.alpha, learned.beta) - logBeta(carried.alpha, carried.beta);
    if (evidence > best.evidence + 1e-9) best = { evidence, trials: most * share };
  }
  return best.trials;
}

function shrink({ alpha, beta }: BetaBelief, most: number): BetaBelief {
  const factor = Math.min(1, most / (alpha + beta));
  return { alpha: alpha * factor, beta: beta * factor };
}

/** Mean and central interval of a belief; 90 % unless it says otherwise. */
export function intervalOf({ alpha, beta }: BetaBelief, level = 0.9): RateInterval {
  const tail = (1 - level) / 2;
  return {
    mean: alpha / (alpha + beta),
    lower: betaQuantile(tail, alpha, beta),
    upper: betaQuantile(1 - tail, alpha, beta),
  };
}

/** How far a sample can be relied on, 0..1: 0.63 at 10 trials, 0.95 at 30. */
export const confidenceAt = (trials: number): number => 1 - Math.exp(-trials / 10);

/** The chance that the rate behind `a` is above that behind `b`, by the midpoint rule over b's density. */
export function chanceAbove(a: BetaBelief, b: BetaBelief): number {
  const steps = 400;
  const scale = logBeta(b.alpha, b.beta);
  let inside = 0;
  let mass = 0;
  for (let index = 0; index <= steps; index++) {
    const x = (index + 0.5) / (steps + 1);
    const density = Math.exp((b.alpha - 1) * Math.log(x) + (b.beta - 1) * Math.log1p(-x) - scale);
    inside += density * (1 - regularizedBeta(x, a.alpha, a.beta));
    mass += density;
  }
  return mass === 0 ? 0.5 : inside / mass;
}
