import {
  type ActuatorCall,
  type Direction,
  type ExecutionFacts,
  type ExecutionState,
  orderSteps,
  type Phase,
  type Reading,
  type Sample,
  type StepState,
  type Verdict,
} from '@charter/app-execute/executor';
import type { Disposition, OutcomeType, Plan } from '@charter/shared/contracts';

/** A step as Execute journals it. Times in seconds. */
export interface Step {
  readonly actionId: string;
  readonly direction: Direction;
  readonly target: string;
  readonly call: ActuatorCall;
  readonly undo: ActuatorCall | null;
  readonly beforeHash: string;
  readonly at: number;
  state: StepState;
  afterHash: string | null;
}

/** An execution as Execute's tables keep it. Times in seconds. */
export interface Execution {
  readonly id: string;
  readonly outcomeId: string;
  readonly plan: Plan;
  readonly steps: Step[];
  readonly samples: Sample[];
  state: ExecutionState;
  phase: Phase;
  triggerGone: boolean;
  verdict: Verdict | null;
  undoReason: string | null;
  startedAt: number | null;
  deadline: number | null;
  baseline: readonly Reading[] | null;
  verifyFrom: number | null;
  outcomeType: OutcomeType | null;
  disposition: Disposition | null;
}

export function newExecution(plan: Plan, newId: () => string): Execution {
  return {
    ...{ id: newId(), plan, outcomeId: newId(), steps: [], samples: [], state: 'pending', phase: 'acting' },
    ...{ triggerGone: false, verdict: null, undoReason: null, startedAt: null, deadline: null, baseline: null },
    ...{ verifyFrom: null, outcomeType: null, disposition: null },
  };
}

/** What the next move depends on. */
export function factsOf(
  { plan, steps, deadline, state, phase, triggerGone, verdict, undoReason }: Execution,
  second: number,
): ExecutionFacts {
  const order = orderSteps(plan.actions);
  return {
    ...{ state, phase, triggerGone, verdict, undoReason, requested: null },
    order: order.kind === 'ordered' ? order.actions.map(({ id }) => id) : [],
    steps: steps.map((step) => ({ ...step, undoable: step.undo !== null })),
    isLate: deadline !== null && second > deadline,
  };
}
