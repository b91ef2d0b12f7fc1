import type { Instant } from '@charter/shared/contracts';
import type { Candidate, ResourceChange } from './candidate.ts';
import type { PlanningSettings } from './settings.ts';

/** A change that was handed to execute, of any incident. */
export interface PastChange extends ResourceChange {
  readonly planId: string;
  readonly incidentId: string;
  readonly strategy: string;
  readonly at: Instant;
}

/** A plan of another incident that is waiting or being carried out. */
export interface OpenPlan {
  readonly planId: string;
  readonly incidentId: string;
  readonly strategy: string;
  readonly targets: readonly string[];
  readonly changes: readonly ResourceChange[];
}

/** A resource that nothing may change until then. */
export interface Freeze {
  readonly target: string;
  readonly resource: string;
  readonly until: Instant;
  readonly conflictId: string;
}

export interface Conflict {
  readonly kind: 'opposing' | 'non-commuting' | 'oscillation';
  readonly target: string;
  readonly resource: string;
  readonly planIds: readonly string[];
  readonly incidentIds: readonly string[];
  readonly strategies: readonly string[];
  readonly reason: string;
}

export interface Clash {
  readonly blockedBy: string;
  /** The record to open; null when the block is no conflict of policies. */
  readonly conflict: Conflict | null;
}

/** What stands between a candidate and its resources: a freeze, another change in flight, or having gone back and forth. */
export function clashOf(
  candidate: Pick<Candidate, 'strategy' | 'actions' | 'changes'>,
  incidentId: string,
  around: {
    readonly open: readonly OpenPlan[];
    readonly past: readonly PastChange[];
    readonly frozen: readonly Freeze[];
    readonly now: Instant;
  },
  settings: PlanningSettings,
): Clash | null {
  for (const change of candidate.changes) {
    const freeze = around.frozen.find((each) => isSame(each, change) && each.until > around.now);
    if (freeze) {
      const blockedBy = `${change.resource} of ${change.target} is frozen until ${freeze.until} by conflict ${freeze.conflictId}`;
      return { blockedBy, conflict: null };
    }
  }
  return inFlight(candidate, incidentId, around.open) ?? oscillation(candidate, incidentId, around, settings);
}

function inFlight(
  candidate: Pick<Candidate, 'strategy' | 'actions' | 'changes'>,
  incidentId: string,
  open: readonly OpenPlan[],
): Clash | null {
  const targets = new Set(candidate.actions.map(({ target }) => target));
  const other = open
    .toSorted((a, b) => (a.planId < b.planId ? -1 : 1))
    .find((plan) => plan.targets.some((target) => targets.has(target)));
  if (!other) return null;
  const shared = other.targets.find((target) => targets.has(target)) ?? '';
  const blockedBy = `one change in flight per target: plan ${other.planId} (${other.strategy}) of incident ${other.incidentId} has ${shared}`;
  for (const mine of candidate.changes) {
    const theirs = other.changes.find((change) => isSame(change, mine));
    if (!theirs || theirs.value === mine.value) continue;
    const kind = theirs.sign * mine.sign < 0 ? 'opposing' : 'non-commuting';
    const reason = `${candidate.strategy} wants ${mine.resource} of ${mine.target} at ${mine.value}, ${other.strategy} of incident ${other.incidentId} at ${theirs.value}`;
    const conflict = {
      kind,
      target: mine.target,
      resource: mine.resource,
      planIds: [other.planId],
      incidentIds: [...new Set([other.incidentId, incidentId])],
      strategies: [...new Set([other.strategy, candidate.strategy])],
      reason,
    } as const;
    return { blockedBy: `${blockedBy}; ${reason}`, conflict };
  }
  return { blockedBy, conflict: null };
}

function oscillation(
  candidate: Pick<Candidate, 'strategy' | 'changes'>,
  incidentId: string,
  { past, now }: { readonly past: readonly PastChange[]; readonly now: Instant },
  settings: PlanningSettings,
): Clash | null {
  if (past.length === 0) return null;
  const since = new Date(Date.parse(now) - settings.oscillationWindowSeconds * 1_000).toISOString();
  for (const change of candidate.changes.filter(({ sign }) => sign !== 0)) {
    const history = past
      .filter((each) => isSame(each, change) && each.sign !== 0 && each.at >= since)
      .toSorted((a, b) => (a.at === b.at ? (a.planId < b.planId ? -1 : 1) : a.at < b.at ? -1 : 1));
    const flips = flipsIn([...history.map(({ sign }) => sign), change.sign]);
    if (flips < settings.oscillationFlips) continue;
    const reason = `${change.resource} of ${change.target} would change direction ${String(flips)} times within ${String(settings.oscillationWindowSeconds)} s`;
    return {
      blockedBy: reason,
      conflict: {
        kind: 'oscillation',
        target: change.target,
        resource: change.resource,
        planIds: [...new Set(history.map(({ planId }) => planId))],
        incidentIds: [...new Set([...history.map((each) => each.incidentId), incidentId])],
        strategies: [...new Set([...history.map(({ strategy }) => strategy), candidate.strategy])],
        reason,
      },
    };
  }
  return null;
}

/** How often a row of directions turns around. */
export const flipsIn = (signs: readonly number[]): number =>
  signs.filter((sign, index) => index > 0 && sign !== signs[index - 1]).length;

const isSame = (a: { target: string; resource: string }, b: { target: string; resource: string }): boolean =>
  a.target === b.target && a.resource === b.resource;
