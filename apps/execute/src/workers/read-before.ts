import { CharterError, type PlannedAction } from '@charter/shared/contracts';
import { operationOf } from '../domain/actuation.ts';
import type { Spec } from '../domain/spec.ts';
import type { Effector } from '../ports.ts';

/** A target as it reads before a step. */
export interface Before {
  readonly spec: Spec | null;
  /** What is another value after a restart that must not be sent twice; null before others, and where none is shown. */
  readonly mark: string | null;
}

export type ReadBefore =
  | { readonly kind: 'read'; readonly before: Before }
  | { readonly kind: 'hold'; readonly gate: string; readonly reason: string; readonly isPause: boolean }
  | { readonly kind: 'refuse'; readonly gate: string; readonly reason: string; readonly ask: boolean };

/** Out of reach holds the step, a target that is declared wrongly refuses it. */
export async function readBefore(effector: Effector, { action }: Pick<PlannedAction, 'action'>): Promise<ReadBefore> {
  try {
    const [spec, mark] = await Promise.all([
      effector.readSpec(),
      operationOf[action] === 'restart' && effector.guarantee !== 'keyed' ? (effector.readMark?.() ?? null) : null,
    ]);
    return { kind: 'read', before: { spec, mark } };
  } catch (error) {
    if (!(error instanceof CharterError)) throw error;
    if (error.retryable) return { kind: 'hold', gate: 'effector', reason: error.message, isPause: false };
    return { kind: 'refuse', gate: 'effector', reason: error.message, ask: false };
  }
}
