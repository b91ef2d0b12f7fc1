import type { Severity } from '@charter/shared/contracts';
import { type Beliefs, selfRecoveryBelief } from './beliefs.ts';
import { type Candidate, causeKey } from './candidate.ts';
import { expectedUtility, nullUtility, type Score } from './expected-utility.ts';
import type { PlanningSettings } from './settings.ts';

/** Half of a 90 % interval in standard deviations. */
const deviationsOf90 = 1.645;

/** The strategy that does nothing. */
export const nullStrategy = 'null';

export interface RankedPlan {
  /** Null for the null plan. */
  readonly candidate: Candidate | null;
  readonly score: Score;
  /** Why it is out of the running; null when it is in. */
  readonly blockedBy: string | null;
  /** Not known to beat doing nothing, but it may: the upper end of its 90 % interval does. Worth trying only to learn. */
  readonly mayHelp?: boolean;
}

/** Scores doing nothing and every candidate. Best first; equal utilities by rung, then by id, whatever the input order. */
export function rankPlans(
  candidates: readonly Candidate[],
  beliefs: Beliefs,
  severity: Severity,
  settings: PlanningSettings,
): RankedPlan[] {
  const likeliest = candidates.toSorted((a, b) => b.cause.confidence - a.cause.confidence || compare(a.id, b.id))[0];
  const selfRecovery = selfRecoveryBelief(likeliest ? causeKey(likeliest.cause) : null, beliefs, settings);
  const stakes = { severity, selfRecovery };
  const nothing = nullUtility(stakes, settings);
  const scored = candidates.map((candidate): RankedPlan => {
    const score = expectedUtility(candidate, beliefs, stakes, settings);
    const blockedBy = candidate.blockedBy ?? tooCloseToNothing(score, nothing);
    const mayHelp = candidate.blockedBy === null && blockedBy !== null && isWithinReach(score, nothing, settings);
    return { candidate, score, blockedBy, mayHelp };
  });
  return [{ candidate: null, score: nothing, blockedBy: null }, ...scored].sort(byUtilityThenRungThenId);
}

/** Acting must beat doing nothing by more than the uncertainty of that comparison. */
function tooCloseToNothing(score: Score, nothing: Score): string | null {
  const margin = score.utility - nothing.utility;
  if (margin > score.uncertainty) return null;
  return `its margin of ${margin.toFixed(3)} over doing nothing does not exceed the uncertainty of ${score.uncertainty.toFixed(3)}`;
}

function isWithinReach(score: Score, nothing: Score, { uncertaintyDeviations }: PlanningSettings): boolean {
  return hopeOf(score, { uncertaintyDeviations }) > nothing.utility;
}

/** What a plan is worth at the upper end of its 90 % interval. */
export const hopeOf = (
  { utility, uncertainty }: Score,
  { uncertaintyDeviations }: Pick<PlanningSettings, 'uncertaintyDeviations'>,
): number => utility + (deviationsOf90 / uncertaintyDeviations) * uncertainty;

function byUtilityThenRungThenId(a: RankedPlan, b: RankedPlan): number {
  return (
    b.score.utility - a.score.utility ||
    (a.candidate?.rung ?? -1) - (b.candidate?.rung ?? -1) ||
    compare(a.candidate?.id ?? '', b.candidate?.id ?? '')
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
