import type { Plan } from '@charter/shared/contracts';

/** What the record says of one target just before a step. */
export interface TargetStanding {
  readonly target: string;
  /** The newest generation that was applied. */
  readonly generation: number;
  /** The execution that holds it, and whether its lease ran out. */
  readonly holder: string | null;
  readonly isExpired: boolean;
  readonly changedBy: string | null;
  /** Null when it was never changed. */
  readonly secondsSinceChange: number | null;
  /** Failures within the breaker's window. */
  readonly failures: number;
}

export interface Refusal {
  readonly gate: 'generation' | 'in-flight' | 'breaker' | 'cool-down';
  readonly reason: string;
}

/** Compares the generation that a plan was made for with the newest one applied; null when the plan may go on. */
export function refuseGeneration(
  plan: Pick<Plan, 'generations'>,
  standings: readonly TargetStanding[],
  executionId: string,
): Refusal | null {
  for (const { target, generation: newest, holder, isExpired, changedBy } of standings) {
    const mine = plan.generations[target];
    if (mine === undefined) return { gate: 'generation', reason: `The plan has no generation for ${target}` };
    const isOwn = holder === executionId || (holder === null && changedBy === executionId);
    if (newest > mine || (newest === mine && !isOwn)) {
      const reason = `${target} is at generation ${String(newest)}, this plan was made for ${String(mine)}`;
      return { gate: 'generation', reason };
    }
    if (holder !== null && holder !== executionId && !isExpired)
      return { gate: 'in-flight', reason: `Execution ${holder} is changing ${target} now` };
  }
  return null;
}

/** Why a target that failed too often, or was changed by someone else just now, is left alone; null when it need not be. */
export function refuseTarget(
  { target, failures, secondsSinceChange, changedBy }: TargetStanding,
  executionId: string,
  { breaker, cooldownSeconds }: { breaker: { failures: number; windowSeconds: number }; cooldownSeconds: number },
): Refusal | null {
  if (failures >= breaker.failures) {
    const reason = `${String(failures)} executions failed on ${target} within ${String(breaker.windowSeconds)} s`;
    return { gate: 'breaker', reason };
  }
  const left = secondsSinceChange === null ? 0 : cooldownSeconds - secondsSinceChange;
  if (left <= 0 || changedBy === executionId) return null;
  return {
    gate: 'cool-down',
    reason: `${target} was changed just now: cool-down for another ${left.toFixed(1)} s`,
  };
}
