import { type Analysis, CharterError, type Decision } from '@charter/shared/contracts';
import type { PlanStatus } from '../domain/attempt.ts';
import type { Candidate } from '../domain/candidate.ts';
import type { Choice } from '../domain/draft-plan.ts';
import { blastRadiusOf, brokenObligation, verdictFrom, withinObligations } from '../domain/gate.ts';
import { planHash } from '../domain/plan-hash.ts';
import type { Proposal, Situation } from '../domain/propose.ts';
import type { RankedPlan } from '../domain/rank-plans.ts';
import type { Charter } from '../ports.ts';

export interface Chosen extends Choice {
  readonly status: PlanStatus;
}

/** What the charter client answers when the charter is silent. */
const isSilence = ({ decisionId }: Decision): boolean => decisionId === 'none';

/**
 * Asks the charter about the candidates, best first, until one may be carried out or shown to people.
 * Throws `upstream-unavailable` while the charter is silent: nobody answered, so nothing was denied.
 */
export async function choose(
  planId: string,
  proposal: Proposal,
  situation: Situation,
  charter: Pick<Charter, 'decide'>,
): Promise<Chosen> {
  const refused = new Map<string, string>();
  const asked: string[] = [];
  for (const entry of proposal.running) {
    const decisions = await decideOn(entry, planId, situation, charter);
    const verdict = verdictFrom(decisions);
    asked.push(...verdict.decisionIds);
    if (verdict.effect === 'deny') {
      refused.set(entry.candidate.id, `the charter denies it: ${verdict.reason}`);
      continue;
    }
    const { states, targets } = situation;
    const candidate = withinObligations(entry.candidate, verdict.obligations, (target) => {
      const replicas = states.get(target)?.spec?.replicas;
      return typeof replicas === 'number' ? replicas : null;
    });
    const broken = brokenObligation(candidate, verdict.obligations, blastRadiusOf(candidate, targets));
    if (broken !== null) {
      refused.set(candidate.id, broken);
      continue;
    }
    const status = statusFor(verdict.mode, verdict.effect);
    return {
      candidate,
      status,
      refused,
      mode: verdict.mode,
      approval: status === 'sent' ? 'auto_approved' : 'pending',
      obligations: verdict.obligations,
      decisionIds: asked,
      reasons: verdict.reasons,
    };
  }
  return nothingChosen(proposal, refused, asked);
}

const statusFor = (mode: Choice['mode'], effect: 'allow' | 'require-approval'): PlanStatus => {
  if (mode === 'observe') return 'observed';
  return mode === 'approve' || effect === 'require-approval' ? 'pending' : 'sent';
};

function nothingChosen(proposal: Proposal, refused: ReadonlyMap<string, string>, decisionIds: string[]): Chosen {
  const best = proposal.running[0];
  const denied = best !== undefined;
  const why = denied ? (refused.get(best.candidate.id) ?? '') : reasonForNothing(proposal);
  return {
    candidate: denied ? best.candidate : null,
    status: denied ? 'denied' : 'null-plan',
    refused,
    mode: 'observe',
    approval: denied ? 'rejected' : 'auto_approved',
    obligations: {},
    decisionIds,
    reasons: [why],
  };
}

function reasonForNothing({ restraint, ranked }: Proposal): string {
  if (restraint) return restraint.reason;
  const blocked = ranked.find(({ candidate }) => candidate !== null);
  if (!blocked?.candidate) return 'No strategy of the pack is meant for this root cause';
  return `Best would be ${blocked.candidate.strategy}, but ${blocked.blockedBy ?? 'it may not be chosen'}`;
}

async function decideOn(
  { candidate, score }: RankedPlan & { readonly candidate: Candidate },
  planId: string,
  { analysis, targets }: Situation,
  charter: Pick<Charter, 'decide'>,
): Promise<Decision[]> {
  const plan = {
    id: planId,
    hash: planHash(analysis.environment, candidate.actions),
    cost: Math.min(1, score.cost),
    risk: score.risk,
    confidence: candidate.cause.confidence,
    blastRadius: blastRadiusOf(candidate, targets),
  };
  const decisions = await Promise.all(
    candidate.actions.map(({ action, target }) => charter.decide(requestFor(action, target, analysis, targets, plan))),
  );
  const silent = decisions.find(isSilence);
  if (silent) throw new CharterError('upstream-unavailable', silent.reasons[0]?.text ?? 'The charter did not answer');
  return decisions;
}

function requestFor(
  action: string,
  target: string,
  analysis: Analysis,
  targets: Situation['targets'],
  plan: NonNullable<Parameters<Charter['decide']>[0]['plan']>,
): Parameters<Charter['decide']>[0] {
  const known = targets.get(target);
  return {
    action,
    environment: analysis.environment,
    subject: 'plan',
    target,
    ...(known ? { targetClass: known.class, group: known.group } : {}),
    incidentId: analysis.incidentId,
    plan,
  };
}
