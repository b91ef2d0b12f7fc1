/** Every number of the univariate scorer, with where it comes from. */
export interface ScorerTuning {
  /** Samples of recent past that a sample is compared with: a day at five minutes. */
  readonly windowSamples: number;
  /** Samples needed before anything is scored: below, the scale is a guess. */
  readonly minimumSamples: number;
  /** Decades of rarity that make a score of 1: once in ten thousand samples. */
  readonly rarityDecades: number;
}

export const scorerTuning: ScorerTuning = { windowSamples: 288, minimumSamples: 20, rarityDecades: 4 };
