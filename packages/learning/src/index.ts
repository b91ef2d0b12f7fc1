export {
  type BetaBelief,
  chanceAbove,
  confidenceAt,
  harmBelief,
  harmPrior,
  ignorance,
  intervalOf,
  meanOf,
  pooledBelief,
  type RateInterval,
  successBelief,
} from './belief.ts';
export {
  addTrial,
  decayTo,
  emptyTally,
  meanSeconds,
  mergeTallies,
  secondsBounds,
  secondsQuantile,
  type Tally,
  type Trial,
} from './tally.ts';
