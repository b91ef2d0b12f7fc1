import type { Attempt } from './attempt.ts';
import type { Candidate } from './candidate.ts';
import type { PlanningSettings } from './settings.ts';

/** Why a strategy is behind us in this incident; null when it may still be tried. What is left is the next rung. */
export function usedUp(
  candidate: Pick<Candidate, 'strategy' | 'cause'>,
  attempts: readonly Attempt[],
  settings: PlanningSettings,
): string | null {
  const tried = attempts.filter(
    ({ strategy, component }) => strategy === candidate.strategy && component === candidate.cause.component,
  );
  const rejected = tried.find(({ status }) => status === 'rejected' || status === 'expired');
  if (rejected) {
    return rejected.status === 'rejected'
      ? `a person rejected it in this incident (plan ${rejected.planId})`
      : `nobody approved it in time in this incident (plan ${rejected.planId})`;
  }
  const executed = tried.filter(
    ({ status, executionState }) => status === 'executed' && executionState !== 'cancelled',
  );
  const failed = executed.find(
    ({ outcome, executionState }) =>
      outcome === 'ineffective' ||
      outcome === 'degradation' ||
      executionState === 'failed' ||
      executionState === 'rolled_back',
  );
  if (failed) return `it was tried in this incident and ended ${failed.outcome ?? failed.executionState ?? 'failed'}`;
  if (executed.length >= settings.maxTriesPerStrategy) {
    return `it was tried ${String(executed.length)} times in this incident and the violation is back`;
  }
  return null;
}
