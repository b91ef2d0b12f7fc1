/** State of a circuit breaker. Times are milliseconds of a monotonic clock. */
export interface Breaker {
  readonly failuresInRow: number;
  /** Until when nothing is let through; then one trial at a time is. */
  readonly openUntilMs: number;
  readonly isTrying: boolean;
}

export interface BreakerLimits {
  readonly failuresToOpen: number;
  readonly openMs: number;
}

export const closedBreaker: Breaker = { failuresInRow: 0, openUntilMs: 0, isTrying: false };

const isTripped = (breaker: Breaker, limits: BreakerLimits): boolean => breaker.failuresInRow >= limits.failuresToOpen;

/** The breaker after letting a call through, or null when it lets none. */
export function admit(breaker: Breaker, limits: BreakerLimits, nowMs: number): Breaker | null {
  if (!isTripped(breaker, limits)) return breaker;
  if (breaker.isTrying || nowMs < breaker.openUntilMs) return null;
  return { ...breaker, isTrying: true };
}

/** The breaker after a failure; `jitter` in [0, 1] spreads the trials of many clients over half the open time. */
export function afterFailure(breaker: Breaker, limits: BreakerLimits, nowMs: number, jitter: number): Breaker {
  const failuresInRow = breaker.failuresInRow + 1;
  return { failuresInRow, openUntilMs: nowMs + limits.openMs * (1 + jitter / 2), isTrying: false };
}

/** The breaker after a call that was given up by its caller: it says nothing about the upstream. */
export const afterCancel = (breaker: Breaker): Breaker => ({ ...breaker, isTrying: false });
