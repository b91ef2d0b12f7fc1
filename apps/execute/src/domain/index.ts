export { type ActuatorCall, callFrom, describeCall, undoOf } from './actuation.ts';
export { blastRadiusOf, refuseAction, refusePlan } from './admission.ts';
export { firstExhausted } from './budget.ts';
export { type ChargedStep, chargesOf } from './charges.ts';
export { questionOf } from './charter-question.ts';
export { judgeDecision } from './charter-verdict.ts';
export {
  type Direction,
  type Ending,
  type ExecutionState,
  executionSeconds,
  isOver,
  type Phase,
  type StepState,
} from './execution.ts';
export { type ExecutionFacts, nextMove } from './next-move.ts';
export { outcomeFrom } from './outcome.ts';
export type { Reading } from './reading.ts';
export type { Sample } from './samples.ts';
export { defaultSettings, type ExecuteSettings } from './settings.ts';
export { type Spec, specHash } from './spec.ts';
export { orderSteps } from './step-order.ts';
export { type BrakeState, stepBrake } from './storm-brake.ts';
export { refuseGeneration, refuseTarget, type TargetStanding } from './target-standing.ts';
export { judgeTrigger } from './trigger.ts';
export { judge, type Verdict } from './verification.ts';
