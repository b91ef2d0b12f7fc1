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
import { hopeOf, type RankedPlan, rankPlans } from './rank-plans.ts';
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

export type Contender = RankedPlan & { readonly candidate: Candidate };

export interface Proposal {
  readonly severity: Severity;
  /** Why nothing is done whatever the candidates are worth. */
  readonly restraint: Restraint | null;
  /** All that was scored, the null plan among them, best first. */
  readonly ranked: readonly RankedPlan[];
  /** The ones to ask the charter about, best first; none means the null plan. */
  readonly running: readonly Contender[];
  /** Behind them, what the pack grants to be explored and what may beat doing nothing, though it is not known to. */
  readonly exploring: readonly Contender[];
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
  const listed = shortListed(ranked, situation.strategies, settings);
  const likeliest = analysis.rootCauses[0];
  return {
    severity,
    restraint,
    ranked,
    running: listed.filter(({ blockedBy }) => blockedBy === null),
    exploring: listed.filter(({ blockedBy }) => blockedBy !== null),
    conflicts,
    selfRecovery: selfRecoveryBelief(likeliest ? causeKey(likeliest) : null, situation.beliefs, settings).mean,
  };
}

/**
 * The candidates the charter is asked about, best first: the two best in the running, and behind them what is worth most.
 * What may be explored counts at its most hopeful, so that what was never tried is not cut off by what is known to be
 * middling, even where it is not known to beat doing nothing.
 */
function shortListed(
  ranked: readonly RankedPlan[],
  strategies: Situation['strategies'],
  settings: PlanningSettings,
): Contender[] {
  const open = ranked.flatMap(({ candidate, ...entry }): Contender[] =>
    candidate && (entry.blockedBy === null || (entry.mayHelp && isGranted(candidate, strategies)))
      ? [{ ...entry, candidate }]
      : [],
  );
  const best = open.filter(({ blockedBy }) => blockedBy === null).slice(0, 2);
  const worthOf = ({ candidate, score }: Contender): number =>
    isGranted(candidate, strategies) ? hopeOf(score, settings) : score.utility;
  const behind = open.filter((entry) => !best.includes(entry)).toSorted((a, b) => worthOf(b) - worthOf(a));
  const kept = new Set([...best, ...behind].slice(0, settings.maxCandidates));
  return open.filter((entry) => kept.has(entry));
}

/** Whether the pack lets this strategy be tried to learn. */
export const isGranted = ({ strategy }: Candidate, strategies: Situation['strategies']): boolean =>
  strategies.some(({ metadata, explore }) => metadata.name === strategy && explore === true);

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
    if (!entry.candidate || (entry.blockedBy !== null && !entry.mayHelp)) return entry;
    const clash = clashOf(entry.candidate, situation.analysis.incidentId, situation, settings);
    if (!clash) return entry;
    if (entry.mayHelp) return { ...entry, mayHelp: false };
    const { conflict, blockedBy } = clash;
    if (conflict && !conflicts.has(`${conflict.target}/${conflict.resource}`)) {
      conflicts.set(`${conflict.target}/${conflict.resource}`, conflict);
    }
    return { ...entry, blockedBy };
  });
  return { ranked: cleared, conflicts: [...conflicts.values()] };
}
