import type {
  Analysis,
  Instant,
  Rule,
  Severity,
  Strategy,
  Target,
  TargetState,
  Violation,
  Window,
} from '@charter/shared/contracts';
import type { Attempt } from './attempt.ts';
import { type Beliefs, selfRecoveryBelief } from './beliefs.ts';
import { type Candidate, causeKey } from './candidate.ts';
import { candidatesFrom } from './candidates-from.ts';
import { closedByWindow } from './closed-by-window.ts';
import { type Conflict, clashOf, type Freeze, type OpenPlan, type PastChange } from './conflicts.ts';
import { usedUp } from './ladder.ts';
import { worstSeverity } from './priority-of.ts';
import { type RankedPlan, rankPlans } from './rank-plans.ts';
import { actionable, isFiring, type Restraint, restraintOn } from './restraint.ts';
import type { PlanningSettings } from './settings.ts';
import type { Brake } from './storm-brake.ts';

/** Everything a plan is made from; recorded answers can be computed again from it. */
export interface Situation {
  readonly analysis: Analysis;
  readonly rules: ReadonlyMap<string, Rule>;
  readonly strategies: readonly Strategy[];
  readonly targets: ReadonlyMap<string, Target>;
  readonly states: ReadonlyMap<string, TargetState>;
  readonly beliefs: Beliefs;
  /** Earlier plans of this incident. */
  readonly attempts: readonly Attempt[];
  /** Open plans of other incidents. */
  readonly open: readonly OpenPlan[];
  readonly past: readonly PastChange[];
  readonly frozen: readonly Freeze[];
  readonly brake: Brake;
  /** Times in which automation keeps still. */
  readonly windows?: readonly Window[];
  /** Firing violations of incidents that became part of this one. */
  readonly merged?: readonly Violation[];
  /** Reward that exploring may spend. */
  readonly saved?: number;
  readonly now: Instant;
}

export interface Proposal {
  readonly severity: Severity;
  /** Why nothing is done whatever the candidates are worth. */
  readonly restraint: Restraint | null;
  /** All that was scored, the null plan among them, best first. */
  readonly ranked: readonly RankedPlan[];
  /** The ones to ask the charter about, best first; none means the null plan. */
  readonly running: readonly (RankedPlan & { readonly candidate: Candidate })[];
  readonly conflicts: readonly Conflict[];
  /** Chance that the violation goes away by itself. */
  readonly selfRecovery: number;
}

/** The planner: facts in, ranking out. No clock, no randomness, no I/O. */
export function propose(situation: Situation, settings: PlanningSettings): Proposal {
  const { analysis, rules, attempts, brake } = situation;
  const firing = actionable(analysis.violations);
  const severity = worstSeverity(firing.length > 0 ? firing : analysis.violations.filter(isFiring));
  const restraint = restraintOn(analysis, rules, attempts, brake, settings);
  const candidates = candidatesFrom({
    ...situation,
    settings,
    rootCauses: analysis.rootCauses,
    violations: analysis.violations.filter(isFiring),
    patterns: analysis.patterns,
  }).map((candidate) => ({ ...candidate, blockedBy: standingBlock(candidate, restraint, situation, settings) }));
  const { ranked, conflicts } = withoutClashes(
    rankPlans(candidates, situation.beliefs, severity, settings),
    situation,
    settings,
  );
  const running = ranked.flatMap((entry) =>
    entry.candidate && entry.blockedBy === null ? [{ ...entry, candidate: entry.candidate }] : [],
  );
  const likeliest = analysis.rootCauses[0];
  return {
    severity,
    restraint,
    ranked,
    running: running.slice(0, settings.maxCandidates),
    conflicts,
    selfRecovery: selfRecoveryBelief(likeliest ? causeKey(likeliest) : null, situation.beliefs, settings).mean,
  };
}

function standingBlock(
  candidate: Candidate,
  restraint: Restraint | null,
  { attempts, windows = [], now }: Situation,
  settings: PlanningSettings,
): string | null {
  const { confidence, component, metric } = candidate.cause;
  if (restraint) return restraint.reason;
  if (confidence < settings.minConfidence) {
    return `that ${metric} of ${component} is the cause is only ${(confidence * 100).toFixed(0)} % certain`;
  }
  const targets = candidate.actions.map(({ target }) => target);
  return usedUp(candidate, attempts, settings) ?? closedByWindow(targets, windows, now) ?? candidate.blockedBy;
}

/** Only what is otherwise in the running can clash: a candidate nobody would choose opens no conflict. */
function withoutClashes(
  ranked: readonly RankedPlan[],
  situation: Situation,
  settings: PlanningSettings,
): { ranked: RankedPlan[]; conflicts: Conflict[] } {
  const conflicts = new Map<string, Conflict>();
  const cleared = ranked.map((entry): RankedPlan => {
    if (!entry.candidate || entry.blockedBy !== null) return entry;
    const clash = clashOf(entry.candidate, situation.analysis.incidentId, situation, settings);
    if (!clash) return entry;
    const { conflict, blockedBy } = clash;
    if (conflict && !conflicts.has(`${conflict.target}/${conflict.resource}`)) {
      conflicts.set(`${conflict.target}/${conflict.resource}`, conflict);
    }
    return { ...entry, blockedBy };
  });
  return { ranked: cleared, conflicts: [...conflicts.values()] };
}
