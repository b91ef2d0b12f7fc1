export { ActionParameters, type ActionProfile, ActionType, actionProfiles, PlannedAction } from './action.ts';
export { Analysis, Evidence, Pattern, PatternKind, RootCause } from './analysis.ts';
export { canonicalJson } from './canonical-json.ts';
export {
  Approval,
  ApprovalRequest,
  ApprovalStatus,
  Decision,
  DecisionReason,
  DecisionRequest,
  Obligations,
} from './decision.ts';
export { Duration, secondsFrom } from './duration.ts';
export { EffectorSpec } from './effector-spec.ts';
export { CharterError, type FailureCode, type FailurePointer, failures } from './failure.ts';
export { traceparentOfIncident } from './incident-trace.ts';
export { endOfWindow, isWindowOpen } from './open-window.ts';
export { Disposition, Outcome, OutcomeEvidence, OutcomeType } from './outcome.ts';
export {
  ActivePack,
  MetricWatch,
  PackDocument,
  PackSignal,
  Precondition,
  Rule,
  Strategy,
  StrategyParameter,
  Target,
  TargetCapacity,
  Window,
} from './pack.ts';
export { PauseScope, Permit } from './permit.ts';
export { Alternative, Plan, PlanChoice, Priority, Verification, VerificationSignal } from './plan.ts';
export { PageQuery, Problem, pageOf } from './problem.ts';
export { defineQueue, Envelope, type Message, type QueueDefinition, violatedContract } from './queue.ts';
export {
  Adaptation,
  analysisQueue,
  analyzeAdaptationQueue,
  CycleRequest,
  cycleQueue,
  deadLetterQueueName,
  monitorAdaptationQueue,
  outcomeQueue,
  planAdaptationQueue,
  planQueue,
  queuePrefix,
  queues,
  Signal,
  signalQueue,
  timelineQueue,
  violationQueue,
} from './queues.ts';
export { ActionBelief, PassagePrior, Recommendation, RungRecord } from './recommendation.ts';
export {
  AutomationMode,
  Comparator,
  Instant,
  isBreaking,
  Labels,
  MetricName,
  Name,
  printable,
  Ratio,
  Severity,
  Ulid,
} from './scalars.ts';
export { TargetState } from './target-state.ts';
export { Stage, TimelineEntry, TimelineEvent } from './timeline.ts';
export { Suppression, Violation, ViolationRef, ViolationSource } from './violation.ts';
