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
  type AutonomyCase,
  type AutonomyRecord,
  type AutonomySurroundings,
  type AutonomyTier,
  autonomyTiers,
  type EarnedMode,
  luck,
  missingForAuto,
  observeCase,
  pooledWeight,
  tierOf,
  unproven,
} from './earned-autonomy.ts';
export { createRandom, type Random, seedOf } from './random.ts';
export { evidenceBelow, rateAtLeast, rateAtMost } from './sequential-evidence.ts';
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
