/** One logged choice, as an evaluation of another policy needs it. */
export interface LoggedChoice {
  readonly reward: number;
  /** Chance with which the logging policy chose what it chose; above 0. */
  readonly propensity: number;
  /** Chance with which the policy under evaluation would have chosen the same. */
  readonly chance: number;
  /** Modelled reward of the logged choice. */
  readonly modelled: number;
  /** Modelled reward of the policy under evaluation, over all its choices. */
  readonly expected: number;
}

export interface ValueEstimate {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** Half of a 90 % interval in standard errors. */
const errorsOf90 = 1.6449;

const weightOf = ({ chance, propensity }: LoggedChoice): number => chance / propensity;

function estimateFrom(terms: readonly number[]): ValueEstimate {
  const { mean, variance } = spreadOf(terms);
  const half = errorsOf90 * Math.sqrt(variance);
  return { value: mean, lower: mean - half, upper: mean + half };
}

/** Inverse propensity scores (Horvitz and Thompson 1952): unbiased, wide where the policies differ. */
export const inversePropensity = (log: readonly LoggedChoice[]): ValueEstimate =>
  estimateFrom(log.map((one) => weightOf(one) * one.reward));

/** Doubly robust (Dudík et al. 2011): a model of the reward, corrected by weighted residuals. */
export const doublyRobust = (log: readonly LoggedChoice[]): ValueEstimate => estimateFrom(robustTerms(log, weightOf));

/**
 * Doubly robust with optimistically shrunk weights w·λ/(w² + λ) (Su et al. 2020). λ is the one with the least estimated
 * squared error: variance plus what shrinking may have moved the estimate, itself uncertain. The interval holds all three.
 */
export function shrunkDoublyRobust(log: readonly LoggedChoice[]): ValueEstimate & { readonly shrinkage: number } {
  const candidates = [...Array.from({ length: 17 }, (_, index) => 10 ** (index / 4)), Number.POSITIVE_INFINITY];
  let best = { error: Number.POSITIVE_INFINITY, value: 0, shrinkage: Number.POSITIVE_INFINITY };
  for (const shrinkage of candidates) {
    const shrunk = (one: LoggedChoice): number => shrinkWeight(weightOf(one), shrinkage);
    const value = spreadOf(robustTerms(log, shrunk));
    const bias = spreadOf(log.map((one) => (shrunk(one) - weightOf(one)) * (one.reward - one.modelled)));
    const error = value.variance + bias.mean ** 2 + bias.variance;
    if (error < best.error) best = { error, value: value.mean, shrinkage };
  }
  const half = errorsOf90 * Math.sqrt(best.error);
  return { value: best.value, lower: best.value - half, upper: best.value + half, shrinkage: best.shrinkage };
}

/** Mean of some terms and the variance of that mean. */
function spreadOf(terms: readonly number[]): { mean: number; variance: number } {
  const n = terms.length;
  const mean = terms.reduce((sum, term) => sum + term, 0) / n;
  return { mean, variance: terms.reduce((sum, term) => sum + (term - mean) ** 2, 0) / Math.max(1, n - 1) / n };
}

const shrinkWeight = (weight: number, shrinkage: number): number =>
  Number.isFinite(shrinkage) ? (shrinkage * weight) / (weight ** 2 + shrinkage) : weight;

const robustTerms = (log: readonly LoggedChoice[], weigh: (one: LoggedChoice) => number): number[] =>
  log.map((one) => one.expected + weigh(one) * (one.reward - one.modelled));
