import type {
  Alternative,
  Analysis,
  ApprovalStatus,
  AutomationMode,
  Instant,
  Obligations,
  Plan,
  PlanChoice,
} from '@charter/shared/contracts';
import type { Candidate } from './candidate.ts';
import { actionsText } from './explain.ts';
import { planHash } from './plan-hash.ts';
import { priorityOf } from './priority-of.ts';
import type { Proposal } from './propose.ts';
import { nullStrategy, type RankedPlan } from './rank-plans.ts';
import type { PlanningSettings } from './settings.ts';
import { verificationOf, type Watched } from './verification-of.ts';

/** What the gates said: which candidate, if any, and how far automation may go with it. */
export interface Choice {
  readonly candidate: Candidate | null;
  /** By candidate id, why the charter or a limit refused it. */
  readonly refused: ReadonlyMap<string, string>;
  readonly mode: AutomationMode;
  readonly approval: ApprovalStatus;
  readonly obligations: Obligations;
  readonly decisionIds: readonly string[];
  readonly reasons: readonly string[];
  readonly choice?: PlanChoice;
  readonly policy?: string | null;
}

export interface Draft {
  readonly id: string;
  readonly analysis: Analysis;
  readonly proposal: Proposal;
  readonly choice: Choice;
  readonly watched: Watched;
  readonly now: Instant;
  readonly expiresAt: Instant;
}

const mostAlternatives = 250;

/** The plan as it is recorded, with all that was weighed. Generations are allocated when it is. */
export function draftPlan(draft: Draft, settings: PlanningSettings): Plan {
  const { id, analysis, proposal, choice, watched, now, expiresAt } = draft;
  const { candidate } = choice;
  const chosen = proposal.ranked.find((entry) => (entry.candidate?.id ?? null) === (candidate?.id ?? null));
  const likeliest = analysis.rootCauses[0];
  const cause = candidate?.cause ?? likeliest;
  const actions = candidate ? [...candidate.actions] : [];
  return {
    id,
    incidentId: analysis.incidentId,
    analysisId: analysis.id,
    environment: analysis.environment,
    strategy: candidate?.strategy ?? nullStrategy,
    rootCause: cause ? { component: cause.component, metric: cause.metric, confidence: cause.confidence } : null,
    actions,
    priority: priorityOf(proposal.severity, cause?.confidence ?? 0),
    benefit: chosen?.score.benefit ?? 0,
    cost: chosen?.score.cost ?? 0,
    risk: chosen?.score.risk ?? 0,
    utility: chosen?.score.utility ?? 0,
    alternatives: proposal.ranked.slice(0, mostAlternatives).map((entry) => alternativeFrom(entry, choice)),
    reasons: reasonsOf(chosen, choice, candidate),
    mode: choice.mode,
    approval: choice.approval,
    obligations: choice.obligations,
    decisionIds: [...new Set(choice.decisionIds)].slice(0, 50),
    verification: verificationOf(
      candidate,
      [...analysis.violations, ...(watched.merged ?? [])],
      { ...watched, selfRecovery: proposal.selfRecovery },
      settings,
    ),
    hash: planHash(analysis.environment, actions),
    generations: {},
    createdAt: now,
    expiresAt,
    ...(choice.choice ? { choice: choice.choice } : {}),
    ...(choice.policy === undefined ? {} : { policy: choice.policy }),
  };
}

const reasonsOf = (chosen: RankedPlan | undefined, choice: Choice, candidate: Candidate | null): string[] =>
  [...choice.reasons, ...(chosen?.score.reasons ?? []), ...(candidate?.notes ?? [])]
    .map((reason) => reason.slice(0, 1_000))
    .slice(0, 50);

function alternativeFrom({ candidate, score, blockedBy }: RankedPlan, choice: Choice): Alternative {
  const { benefit, cost, risk, utility, reasons } = score;
  const refusal = candidate ? choice.refused.get(candidate.id) : undefined;
  return {
    strategy: candidate?.strategy ?? nullStrategy,
    summary: (candidate ? actionsText(candidate.actions) : 'do nothing').slice(0, 1_000),
    benefit,
    cost,
    risk,
    utility,
    blockedBy: (blockedBy ?? refusal)?.slice(0, 1_000) ?? null,
    reasons: reasons.map((reason) => reason.slice(0, 500)),
  };
}
