import { ActionType, OutcomeType } from '@charter/shared/contracts';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { Direction, ExecutionState, type StepState } from './domain/execution.ts';

/** Every gate a step or plan can be refused or held by: their counters start at 0, so that the first refusal shows. */
const refusingGates = [
  ...['plan', 'mode', 'environment', 'approval', 'expiry', 'target', 'charter', 'trigger', 'storm', 'effector'],
  ...['generation', 'in-flight', 'breaker', 'budget', 'cool-down'],
];
const holdingGates = ['permit', 'pause-file', 'target', 'charter', 'trigger', 'storm', 'effector'];
const stepResults = ['done', 'failed', 'uncertain'] as const satisfies readonly StepState[];

export interface ExecuteMetrics {
  ended(state: ExecutionState, seconds: number | null): void;
  step(action: ActionType, direction: Direction, result: StepState, seconds: number): void;
  refused(gate: string, how: 'hold' | 'refuse'): void;
  verified(type: OutcomeType, secondsToStabilize: number | null): void;
  inFlight(count: number): void;
  heartbeat(): void;
  /** Share of the fullest budget of each kind that is spent. */
  budgetsUsed(byKind: ReadonlyMap<string, number>): void;
}

export function createExecuteMetrics(registry: Registry): ExecuteMetrics {
  const registers = [registry];
  const executions = new Counter({
    name: 'charter_execute_executions_total',
    help: 'Executions that reached a state for good.',
    labelNames: ['state'],
    registers,
  });
  for (const state of ExecutionState.options) executions.inc({ state }, 0);
  const duration = new Histogram({
    name: 'charter_execute_execution_duration_seconds',
    help: 'From the first step of an execution to its end, verification included.',
    buckets: [1, 2, 5, 10, 15, 20, 30, 60, 120, 300],
    registers,
  });
  const steps = new Counter({
    name: 'charter_execute_steps_total',
    help: 'Steps by what they did and how they ended.',
    labelNames: ['action', 'direction', 'result'],
    registers,
  });
  for (const action of ActionType.options) {
    for (const direction of Direction.options) {
      for (const result of stepResults) steps.inc({ action, direction, result }, 0);
    }
  }
  const stepDuration = new Histogram({
    name: 'charter_execute_step_duration_seconds',
    help: 'From sending a step to knowing its result.',
    labelNames: ['direction'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  for (const direction of Direction.options) stepDuration.zero({ direction });
  const refusals = new Counter({
    name: 'charter_execute_refusals_total',
    help: 'Steps that a gate held back for now or refused.',
    labelNames: ['gate', 'how'],
    registers,
  });
  for (const gate of refusingGates) refusals.inc({ gate, how: 'refuse' }, 0);
  for (const gate of holdingGates) refusals.inc({ gate, how: 'hold' }, 0);
  const verdicts = new Counter({
    name: 'charter_execute_verdicts_total',
    help: 'Verifications by what they saw.',
    labelNames: ['type'],
    registers,
  });
  for (const type of OutcomeType.options) verdicts.inc({ type }, 0);
  const stabilize = new Histogram({
    name: 'charter_execute_time_to_stabilize_seconds',
    help: 'From the first step until all violated signals were back within their thresholds.',
    buckets: [1, 2, 5, 10, 15, 20, 30, 60, 120],
    registers,
  });
  const running = new Gauge({
    name: 'charter_execute_in_flight',
    help: 'Executions that this process carries out now.',
    registers,
  });
  const alive = new Gauge({
    name: 'charter_execute_heartbeat_timestamp_seconds',
    help: 'When the runner last looked for work.',
    registers,
  });
  const budgets = new Gauge({
    name: 'charter_execute_budget_used_ratio',
    help: 'Share of the fullest budget of a kind that is spent within its window.',
    labelNames: ['budget'],
    registers,
  });
  budgets.set({ budget: 'risk global' }, 0);
  return {
    ended(state, seconds) {
      executions.inc({ state });
      if (seconds !== null) duration.observe(Math.max(0, seconds));
    },
    step(action, direction, result, seconds) {
      steps.inc({ action, direction, result });
      stepDuration.observe({ direction }, Math.max(0, seconds));
    },
    refused: (gate, how) => refusals.inc({ gate, how }),
    verified(type, seconds) {
      verdicts.inc({ type });
      if (seconds !== null) stabilize.observe(seconds);
    },
    inFlight: (count) => running.set(count),
    heartbeat: () => alive.setToCurrentTime(),
    budgetsUsed(byKind) {
      for (const [budget, share] of byKind) budgets.set({ budget }, share);
    },
  };
}
