import type { EscalationLevel } from '../document/policy.ts';

/** One attempt at a forbidden metric under one policy. `at` is epoch milliseconds. */
export interface Attempt {
  readonly metric: string;
  readonly policy: string;
  readonly at: number;
}

/** When attempts become an event; levels in rising order of threshold. */
export interface EscalationRules {
  readonly windowMs: number;
  readonly levels: readonly EscalationLevel[];
}

export interface EscalationEvent {
  /** The same for every step of one event. */
  readonly key: string;
  readonly metric: string;
  readonly policy: string;
  readonly severity: string;
  /** What the level asks for, such as ESCALATE_TO_DAO. */
  readonly action: string | null;
  readonly attempt_count: number;
  readonly startedAt: number;
  readonly lastAt: number;
}

/**
 * What an attempt did: nothing yet (`counted`), opened an event, raised it to a higher level, or only raised its count.
 * Single attempts are metrics, not violations.
 */
export type EscalationStep =
  | { readonly kind: 'counted'; readonly attempts: number }
  | { readonly kind: 'opened' | 'raised' | 'repeated'; readonly event: EscalationEvent };

interface Rung {
  /** Attempts of the last window while there is no event. */
  readonly recent: readonly number[];
  readonly event: EscalationEvent | null;
}

/** Attempts per (metric, policy), least recently seen first; holds at most `capacity` of them. */
export interface Ladder {
  readonly capacity: number;
  readonly rungs: Map<string, Rung>;
}

export const defaultLadderCapacity = 10_000;

export const createLadder = (capacity: number = defaultLadderCapacity): Ladder => ({ capacity, rungs: new Map() });

/**
 * Counts one attempt, in place. Before an event the window slides; an event begins with the first attempt that led to
 * it and lasts one window, after which counting starts anew.
 */
export function recordAttempt(ladder: Ladder, attempt: Attempt, rules: EscalationRules): EscalationStep {
  const key = JSON.stringify([attempt.policy, attempt.metric]);
  const { rung, step } = climb(ladder.rungs.get(key), attempt, rules);
  ladder.rungs.delete(key);
  ladder.rungs.set(key, rung);
  for (const oldest of ladder.rungs.keys()) {
    if (ladder.rungs.size <= ladder.capacity) break;
    ladder.rungs.delete(oldest);
  }
  return step;
}

function climb(
  before: Rung | undefined,
  attempt: Attempt,
  rules: EscalationRules,
): { rung: Rung; step: EscalationStep } {
  const { at } = attempt;
  const open = before?.event ?? null;
  if (open !== null && at - open.startedAt < rules.windowMs) {
    const event = eventAt(attempt, rules, open.startedAt, open.attempt_count + 1);
    const kind = event.severity === open.severity ? 'repeated' : 'raised';
    return { rung: { recent: [], event }, step: { kind, event } };
  }
  const recent = [...(before?.recent ?? []).filter((time) => at - time < rules.windowMs), at];
  const [startedAt = at] = recent;
  const lowest = rules.levels[0]?.threshold ?? Number.POSITIVE_INFINITY;
  if (recent.length < lowest) {
    const kept = recent.slice(-maxRecent);
    return { rung: { recent: kept, event: null }, step: { kind: 'counted', attempts: recent.length } };
  }
  const event = eventAt(attempt, rules, startedAt, recent.length);
  return { rung: { recent: [], event }, step: { kind: 'opened', event } };
}

/** Attempt times kept per rung, whatever the lowest threshold is. */
const maxRecent = 1_000;

function eventAt(
  { metric, policy, at }: Attempt,
  rules: EscalationRules,
  startedAt: number,
  count: number,
): EscalationEvent {
  const level = rules.levels.findLast(({ threshold }) => threshold <= count) ?? rules.levels[0];
  return {
    key: `${policy}/${metric}/${String(startedAt)}`,
    metric,
    policy,
    severity: level?.name ?? '',
    action: level?.action ?? null,
    attempt_count: count,
    startedAt,
    lastAt: at,
  };
}
