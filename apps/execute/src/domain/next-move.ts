import type { OutcomeType } from '@charter/shared/contracts';
import type { Ending, ExecutionState, Phase, Request, StepFacts } from './execution.ts';

/** Everything the next move depends on; read from the journal, so that it is the same after a crash. */
export interface ExecutionFacts {
  readonly state: ExecutionState;
  readonly phase: Phase;
  readonly requested: Request | null;
  /** Ids of the plan's actions in the order they are taken. */
  readonly order: readonly string[];
  readonly steps: readonly StepFacts[];
  /** The trigger went away after some steps: the others are not needed. */
  readonly triggerGone: boolean;
  readonly verdict: { readonly type: OutcomeType; readonly reason: string } | null;
  /** Why the steps are being taken back. */
  readonly undoReason: string | null;
  readonly isLate: boolean;
}

export type Move =
  | { readonly kind: 'rest' }
  | { readonly kind: 'pause' }
  | { readonly kind: 'take'; readonly actionId: string }
  /** Sent before, answer unknown: find out, or send the same again. */
  | { readonly kind: 'settle'; readonly step: StepFacts }
  | { readonly kind: 'turn-back'; readonly reason: string }
  | { readonly kind: 'undo'; readonly actionId: string }
  | { readonly kind: 'verify' }
  | { readonly kind: 'end'; readonly ending: Ending };

/** What to do next with an execution. Pure: a crash anywhere is answered by asking again. */
export function nextMove(facts: ExecutionFacts): Move {
  const { state, requested, isLate } = facts;
  const isStopped = requested === 'cancel' || requested === 'rollback';
  if (state === 'paused' && !isStopped && !isLate) return { kind: 'rest' };
  if (state !== 'pending' && state !== 'in_progress' && state !== 'paused') return { kind: 'rest' };
  return moveOn(facts);
}

function moveOn(facts: ExecutionFacts): Move {
  const { steps, phase, requested, isLate } = facts;
  const open = steps.find(({ state }) => state === 'started');
  if (open) return { kind: 'settle', step: open };
  const unknown = steps.find(({ state }) => state === 'uncertain');
  if (unknown) return uncertain(unknown);
  if (phase === 'undoing') return undoOrEnd(facts);
  const failed = steps.find(({ direction, state }) => direction === 'forward' && state === 'failed');
  if (failed) return turnBack(facts, `Step ${failed.actionId} failed`);
  if (requested === 'cancel' || requested === 'rollback') return turnBack(facts, `A person asked for ${requested}`);
  if (facts.verdict) return endVerified(facts.verdict);
  if (isLate) return turnBack(facts, 'The deadline passed');
  if (requested === 'pause') return { kind: 'pause' };
  const next = facts.triggerGone ? undefined : facts.order.find((id) => !isDone(steps, id));
  if (next !== undefined) return { kind: 'take', actionId: next };
  return { kind: 'verify' };
}

const isDone = (steps: readonly StepFacts[], id: string): boolean =>
  steps.some(({ actionId, direction, state }) => actionId === id && direction === 'forward' && state === 'done');

const effects = (steps: readonly StepFacts[]): StepFacts[] =>
  steps.filter(({ direction, state }) => direction === 'forward' && state === 'done');

function turnBack({ steps, requested }: ExecutionFacts, reason: string): Move {
  if (effects(steps).length > 0) return { kind: 'turn-back', reason };
  const disposition = requested === 'cancel' || requested === 'rollback' ? 'withdrawn' : 'refused';
  const state = disposition === 'withdrawn' ? 'cancelled' : 'failed';
  return end({ state, type: 'unknown', disposition, reason: `${reason}; nothing was changed`, escalate: false });
}

function uncertain({ actionId, direction }: StepFacts): Move {
  const reason = `Whether ${direction === 'undo' ? 'the undo of ' : ''}step ${actionId} took effect cannot be told: a person has to look`;
  return end({ state: 'uncertain', type: 'unknown', disposition: 'executed', reason, escalate: true });
}

function undoOrEnd(facts: ExecutionFacts): Move {
  const { order, steps, isLate } = facts;
  const stuck = steps.find(
    ({ direction, state }) => direction === 'undo' && (state === 'refused' || state === 'failed'),
  );
  if (stuck) {
    const why = stuck.state === 'refused' ? 'someone changed the target since' : 'the target refused';
    return endUndone(facts, 'failed', `step ${stuck.actionId} was left as it is because ${why}`, true);
  }
  const next = order.toReversed().find((id) => needsUndo(steps, id));
  if (next === undefined) {
    const kept = effects(steps)
      .filter(({ undoable }) => !undoable)
      .map(({ actionId }) => actionId);
    if (kept.length === effects(steps).length)
      return endUndone(facts, 'failed', `${kept.join(', ')} cannot be undone`, false);
    const rest = kept.length > 0 ? `all but ${kept.join(', ')} was taken back` : 'every step was taken back';
    return endUndone(facts, 'rolled_back', rest, false);
  }
  if (isLate) return endUndone(facts, 'failed', 'the deadline passed before everything was taken back', true);
  return { kind: 'undo', actionId: next };
}

function needsUndo(steps: readonly StepFacts[], id: string): boolean {
  const forward = steps.find(({ actionId, direction }) => actionId === id && direction === 'forward');
  if (forward?.state !== 'done' || !forward.undoable) return false;
  return !steps.some(({ actionId, direction, state }) => actionId === id && direction === 'undo' && state === 'done');
}

function endUndone(facts: ExecutionFacts, state: 'failed' | 'rolled_back', how: string, escalate: boolean): Move {
  const { verdict, undoReason, steps } = facts;
  const failed = steps.some((step) => step.direction === 'forward' && step.state === 'failed');
  const type = verdict?.type ?? (failed ? 'ineffective' : 'unknown');
  return end({ state, type, disposition: 'executed', reason: `${undoReason ?? 'Taken back'}; ${how}`, escalate });
}

function endVerified(verdict: NonNullable<ExecutionFacts['verdict']>): Move {
  if (verdict.type === 'degradation') return { kind: 'turn-back', reason: verdict.reason };
  return end({
    state: 'completed',
    type: verdict.type,
    disposition: 'executed',
    reason: verdict.reason,
    escalate: verdict.type === 'unknown',
  });
}

const end = (ending: Ending): Move => ({ kind: 'end', ending });
