export {
  type ActionSelector,
  type Choice,
  createActionSelector,
  type SelectorSettings,
  type Situation,
  selectorDefaults,
} from './action-selector.ts';
export { missingForAuto } from './autonomy-conditions.ts';
export type { AutonomyCase, AutonomyRecord, AutonomySurroundings, EarnedMode } from './autonomy-record.ts';
export { type AutonomyTier, autonomyTiers, luck, pooledWeight, tierOf } from './autonomy-tiers.ts';
export {
  type BetaBelief,
  carriedBy,
  chanceAbove,
  confidenceAt,
  type Evidence,
  harmBelief,
  harmPrior,
  ignorance,
  intervalOf,
  meanOf,
  pooledBelief,
  type RateInterval,
  successBelief,
} from './belief.ts';
export { type Change, changeFloor, changeIn, sinceChange } from './change.ts';
export { type ArmExpectation, type DrawnArms, type SettledChoice, settleChoice } from './conservative-choice.ts';
export { observeCase, revoke, unproven } from './earned-autonomy.ts';
export { choleskyOf, inverseOf, solveWith } from './linear-belief.ts';
export {
  doublyRobust,
  inversePropensity,
  type LoggedChoice,
  shrunkDoublyRobust,
  type ValueEstimate,
} from './off-policy.ts';
export { createRandom, type Random, seedOf } from './random.ts';
export {
  type BelievedLadder,
  type BelievedRung,
  drawBeta,
  drawRungs,
  type LadderBelief,
  type LadderPlan,
  learnClimb,
  planLadder,
  type Rung,
  samplePlan,
} from './remedy-ladder.ts';
export { evidenceBelow, rateAtLeast, rateAtMost } from './sequential-evidence.ts';
export { createTextIndex, type Document, type Match, type TextIndex, type TextIndexOptions } from './similar-texts.ts';
export {
  addTrial,
  decayTo,
  emptyTally,
  meanSeconds,
  mergeTallies,
  type RecentTrial,
  rememberedTrials,
  secondsBounds,
  secondsQuantile,
  type Tally,
  type Trial,
} from './tally.ts';
