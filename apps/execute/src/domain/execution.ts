import { createHash } from 'node:crypto';
import type { Disposition, OutcomeType, Plan } from '@charter/shared/contracts';
import { z } from 'zod';

export const ExecutionState = z.enum([
  'pending',
  'in_progress',
  'paused',
  'completed',
  'failed',
  'rolled_back',
  'cancelled',
  'uncertain',
]);
export type ExecutionState = z.infer<typeof ExecutionState>;

/** What an execution in progress is busy with. */
export const Phase = z.enum(['acting', 'undoing', 'verifying']);
export type Phase = z.infer<typeof Phase>;

export const Direction = z.enum(['forward', 'undo']);
export type Direction = z.infer<typeof Direction>;

/**
 * How far one step has come. `intended`: journalled, nothing sent. `started`: sent, answer unknown.
 * `done` and `failed` are certain; `refused`: an undo that would have overwritten someone else's change.
 */
export const StepState = z.enum(['intended', 'started', 'done', 'failed', 'uncertain', 'refused']);
export type StepState = z.infer<typeof StepState>;

export interface StepFacts {
  readonly actionId: string;
  readonly direction: Direction;
  readonly state: StepState;
  /** Whether there is a call that takes it back. */
  readonly undoable: boolean;
}

export interface Ending {
  readonly state: 'completed' | 'failed' | 'rolled_back' | 'cancelled' | 'uncertain';
  readonly type: OutcomeType;
  readonly disposition: Disposition;
  readonly reason: string;
  /** A person has to look at it. */
  readonly escalate: boolean;
}

export type Request = 'pause' | 'cancel' | 'rollback';

const transitions: Readonly<Record<ExecutionState, readonly ExecutionState[]>> = {
  pending: ['in_progress', 'paused', 'cancelled', 'failed'],
  in_progress: ['paused', 'completed', 'failed', 'rolled_back', 'cancelled', 'uncertain'],
  paused: ['pending', 'in_progress', 'cancelled', 'failed', 'rolled_back', 'uncertain'],
  completed: ['in_progress'],
  failed: [],
  rolled_back: [],
  cancelled: [],
  uncertain: ['in_progress', 'failed'],
};

/** `completed` and `uncertain` may go on once more: a person takes them back. */
export const mayBecome = (from: ExecutionState, to: ExecutionState): boolean => transitions[from].includes(to);

export const isOver = (state: ExecutionState): boolean =>
  state !== 'pending' && state !== 'in_progress' && state !== 'paused';

/** Seconds an execution may take from its first step: what its plan declares, twice for the way back, and slack. */
export function executionSeconds({ actions, verification }: Plan, slackSeconds: number): number {
  const acting = actions.reduce((sum, { timeoutSeconds }) => sum + timeoutSeconds, 0);
  return 2 * acting + verification.delaySeconds + verification.windowSeconds + slackSeconds;
}

/** Idempotency key of a step, fit for a header: a name that is too long or not plain is replaced by its hash. */
export function stepKey(executionId: string, actionId: string, direction: Direction): string {
  const isPlain = /^[\w.:-]{1,100}$/.test(actionId);
  const name = isPlain ? actionId : createHash('sha256').update(actionId).digest('hex');
  return `${executionId}.${name}.${direction}`;
}
