import {
  callFrom,
  type Direction,
  defaultSettings,
  describeCall,
  type Ending,
  executionSeconds,
  isOver,
  judge,
  nextMove,
  outcomeFrom,
  refusePlan,
  specHash,
  undoOf,
} from '@charter/app-execute/executor';
import type { Outcome, OutcomeType, Plan, TargetState } from '@charter/shared/contracts';
import type { Actuators } from './actuators.ts';
import { environment, pack } from './demo-pack.ts';
import { type Execution, factsOf, newExecution, type Step } from './execution-record.ts';
import { instantAt } from './scraped-testbed.ts';
import type { GateDeps, StepGates } from './step-gates.ts';
import type { TargetLedger } from './target-ledger.ts';

export interface ExecutorDeps {
  readonly actuators: Actuators;
  readonly gates: StepGates;
  readonly ledger: TargetLedger;
  readonly signals: GateDeps['signals'];
  readonly newId: () => string;
  readonly onOutcome: (outcome: Outcome) => void;
  readonly tell: (plan: Plan, text: string) => void;
}

/** Execute's state machine with its journal in memory, one move after another as the virtual clock lets it. */
export interface Executor {
  take(plan: Plan): void;
  /** Carries every execution as far as it goes at this second. */
  work(second: number): Promise<void>;
  executionsOf(planId: string): Pick<Execution, 'id' | 'plan' | 'state' | 'outcomeType' | 'disposition'>[];
  targetStates(second: number): Map<string, TargetState>;
}

const targetNamed = (name: string) => pack.targets.find(({ metadata }) => metadata.name === name) ?? null;

export function createExecutor(deps: ExecutorDeps): Executor {
  const { actuators, gates, ledger, signals, newId, tell } = deps;
  const executions = new Map<string, Execution>();

  function take(plan: Plan): void {
    const execution = newExecution(plan, newId);
    executions.set(execution.id, execution);
  }

  async function work(second: number): Promise<void> {
    for (const execution of executions.values()) {
      while (!isOver(execution.state) && (await moveOn(execution, second)));
    }
  }

  /** @returns whether there is more to do at this second */
  async function moveOn(execution: Execution, second: number): Promise<boolean> {
    const refused = execution.state === 'pending' ? refusePlan(execution.plan, environment, instantAt(second)) : null;
    if (refused) return refuse(execution, refused.gate, refused.reason, 'unknown', second);
    const move = nextMove(factsOf(execution, second));
    switch (move.kind) {
      case 'take':
        return takeStep(execution, move.actionId, second);
      case 'settle':
        return settle(execution, move.step.actionId, move.step.direction, second);
      case 'turn-back':
        return turnBack(execution, move.reason, second);
      case 'undo':
        return undoStep(execution, move.actionId, second);
      case 'verify':
        return verify(execution, second);
      case 'end':
        return end(execution, move.ending, second);
      case 'rest':
      case 'pause':
        return false;
    }
  }

  async function takeStep(execution: Execution, actionId: string, second: number): Promise<boolean> {
    const { plan, id } = execution;
    const action = plan.actions.find((each) => each.id === actionId);
    const target = action ? targetNamed(action.target) : null;
    if (!action || !target) return refuse(execution, 'target', `There is no target for ${actionId}`, 'unknown', second);
    const isFirst = execution.startedAt === null;
    const answer = await gates.pass(plan, action, target, isFirst, instantAt(second).getTime());
    if (answer.kind === 'gone') {
      if (isFirst)
        return refuse(execution, answer.gate, answer.reason, answer.isResolved ? 'success' : 'unknown', second);
      execution.triggerGone = true;
      return true;
    }
    const stopped =
      answer.kind === 'refuse' ? answer : ledger.arm({ executionId: id, plan, action, target, ...answer }, second);
    if (stopped) {
      if (isFirst) return refuse(execution, stopped.gate, stopped.reason, 'unknown', second);
      return turnBack(execution, stopped.reason, second);
    }
    if (answer.kind !== 'pass') return false;
    if (isFirst) {
      execution.state = 'in_progress';
      execution.startedAt = second;
      execution.deadline = second + executionSeconds(plan, defaultSettings.executionSlackSeconds);
      execution.baseline = answer.readings;
    }
    const call = callFrom(action);
    const before = actuators.specOf(action.target);
    return send(
      execution,
      {
        actionId,
        direction: 'forward',
        target: action.target,
        call,
        undo: action.reversible ? undoOf(call, before) : null,
      },
      second,
    );
  }

  function send(
    execution: Execution,
    what: Pick<Step, 'actionId' | 'direction' | 'target' | 'call' | 'undo'>,
    second: number,
  ): boolean {
    const before = actuators.specOf(what.target);
    const step: Step = { ...what, at: second, state: 'started', beforeHash: specHash(before), afterHash: null };
    execution.steps.push(step);
    const refusal = actuators.apply(what.target, what.call);
    tell(
      execution.plan,
      `${what.direction === 'undo' ? 'Undo: ' : ''}${describeCall(what.call, what.target)}${refusal === null ? '' : `: refused, ${refusal}`}`,
    );
    if (refusal !== null) {
      step.state = 'failed';
      ledger.failed(execution.id, what.target, second);
      return true;
    }
    const isForward = what.direction === 'forward';
    ledger.changed(execution.id, what.target, isForward ? before : null, second);
    return settle(execution, what.actionId, what.direction, second);
  }

  /** A restart is done when the replicas are up again; everything else shows at once. */
  function settle(execution: Execution, actionId: string, direction: Direction, second: number): boolean {
    const step = execution.steps.find((each) => each.actionId === actionId && each.direction === direction);
    const action = execution.plan.actions.find(({ id }) => id === actionId);
    if (!step || !action) return false;
    const isUp = step.call.operation !== 'restart' || (second > step.at && actuators.isReady(step.target));
    if (!isUp && second - step.at < action.timeoutSeconds) return false;
    step.state = 'done';
    step.afterHash = specHash(actuators.specOf(step.target));
    if (!isUp) return turnBack(execution, `${step.target} did not come up again`, second);
    return true;
  }

  function turnBack(execution: Execution, reason: string, second: number): true {
    const deadline = second + executionSeconds(execution.plan, defaultSettings.executionSlackSeconds);
    execution.phase = 'undoing';
    execution.undoReason = reason;
    execution.deadline = Math.max(execution.deadline ?? 0, deadline);
    return true;
  }

  function undoStep(execution: Execution, actionId: string, second: number): boolean {
    const forward = execution.steps.find((step) => step.actionId === actionId && step.direction === 'forward');
    if (!forward?.undo) return false;
    const { target, undo: call } = forward;
    const hash = specHash(actuators.specOf(target));
    const isOurs = !ledger.isSuperseded(execution.plan, target) && hash === forward.afterHash;
    if (isOurs && hash !== forward.beforeHash)
      return send(execution, { actionId, direction: 'undo', target, call, undo: null }, second);
    const state = hash === forward.beforeHash ? 'done' : 'refused';
    execution.steps.push({
      ...forward,
      direction: 'undo',
      call,
      undo: null,
      at: second,
      state,
      beforeHash: hash,
      afterHash: hash,
    });
    return true;
  }

  async function verify(execution: Execution, second: number): Promise<boolean> {
    const { verification } = execution.plan;
    execution.phase = 'verifying';
    execution.verifyFrom ??= second + verification.delaySeconds;
    const { samples, baseline, verifyFrom } = execution;
    const last = samples.at(-1);
    const nowMs = instantAt(second).getTime();
    const dueMs = last === undefined ? 0 : last.atMs + verification.intervalSeconds * 1_000;
    if (second < verifyFrom || nowMs < dueMs) return false;
    samples.push({
      atMs: nowMs,
      readings: await Promise.all(verification.signals.map((signal) => signals.read(signal))),
    });
    const fromMs = instantAt(verifyFrom).getTime();
    execution.verdict = judge({ verification, baseline, samples, fromMs }, nowMs, defaultSettings.verification);
    return execution.verdict !== null;
  }

  function refuse(execution: Execution, gate: string, reason: string, type: OutcomeType, second: number): boolean {
    const ending = { type, disposition: 'refused', reason: `Refused by ${gate}: ${reason}`, escalate: false } as const;
    return end(execution, { state: 'failed', ...ending }, second);
  }

  function end(execution: Execution, ending: Ending, second: number): false {
    const { id, plan, steps, verdict, startedAt, outcomeId } = execution;
    const executed = steps.some(({ direction, state }) => direction === 'forward' && state === 'done');
    execution.state = ending.state;
    execution.outcomeType = ending.type;
    execution.disposition = executed ? 'executed' : ending.disposition;
    ledger.release(id);
    if (ending.type === 'degradation') for (const { target } of plan.actions) ledger.failed(id, target, second);
    tell(plan, `${executed ? `Outcome ${ending.type}` : 'Not carried out'}: ${ending.reason}`);
    const facts = { id: outcomeId, executionId: id, plan, ending, executed, verdict, targets: targetNamed };
    const times = {
      rolledBack: ending.state === 'rolled_back',
      startedAt: startedAt === null ? null : instantAt(startedAt),
    };
    deps.onOutcome(outcomeFrom({ ...facts, ...times }, instantAt(second)));
    return false;
  }

  return {
    take,
    work,
    executionsOf: (planId) => [...executions.values()].filter(({ plan }) => plan.id === planId),
    targetStates: (second) => ledger.states(actuators.specOf, second, instantAt),
  };
}
