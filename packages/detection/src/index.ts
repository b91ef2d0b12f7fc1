export { type ChangePoints, type ChangePointTuning, changePointTuning, createChangePoints } from './change-points.ts';
export {
  type Calibration,
  type CalibrationSample,
  calibratedConfidence,
  calibration,
  fitCalibration,
} from './confidence.ts';
export {
  createIncidentDetector,
  type IncidentAlarm,
  type IncidentDetector,
  type IncidentDetectorOptions,
} from './incident-detector.ts';
export { type IncidentTuning, incidentTuning } from './incident-tuning.ts';
export { fitJointModel, type JointModel, type JointTuning, jointTuning } from './joint-model.ts';
export {
  findPatterns,
  type Pattern,
  type PatternContext,
  type PatternRules,
  patternRules,
  type Severity,
  type ViolationFact,
} from './patterns.ts';
export type { Evidence, RootCause, RootCauseAnswer, RootCauseInput, RootCauseOptions } from './root-cause.ts';
export { rankRootCauses } from './root-cause.ts';
export { alarmSeries, createScorer, type Scorer, type ScorerOptions, type ScorerState, scoreSeries } from './scorer.ts';
export { type ScorerTuning, scorerTuning } from './scorer-tuning.ts';
export type { Series } from './series.ts';
export type { Topology } from './topology.ts';
export { type RootCauseTuning, rootCauseTuning } from './tuning.ts';
