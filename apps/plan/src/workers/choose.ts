import type { PlanStatus } from '../domain/attempt.ts';
import type { Choice } from '../domain/draft-plan.ts';
import type { Proposal, Situation } from '../domain/propose.ts';
import { nullStrategy } from '../domain/rank-plans.ts';
import { mayExplore, type Selected, selectPlan } from '../domain/select-plan.ts';
import type { PlanningSettings } from '../domain/settings.ts';
import type { Charter } from '../ports.ts';
import { type Asked, type Gated, gateCandidate } from './gate-candidate.ts';

export interface Chosen extends Choice {
  readonly status: PlanStatus;
  readonly asked: readonly Asked[];
  readonly credit: Selected['credit'];
}

type Open = Extract<Gated, { kind: 'open' }>;

/**
 * Asks the charter about the candidates, best first, until one may be carried out or shown to people; about all of them
 * where the pack grants exploring, so that the chances are those among what may be done.
 * Throws `upstream-unavailable` while the charter is silent: nobody answered, so nothing was denied.
 */
export async function choose(
  planId: string,
  proposal: Proposal,
  situation: Situation,
  charter: Pick<Charter, 'decide'>,
  settings: PlanningSettings,
): Promise<Chosen> {
  const refused = new Map<string, string>();
  const asked: Asked[] = [];
  const open: Open[] = [];
  const explores = mayExplore(proposal, situation.strategies);
  for (const entry of [...proposal.running, ...proposal.exploring]) {
    const onlyToLearn = entry.blockedBy !== null;
    // what may be done about it was refused: nothing else is tried instead
    if (onlyToLearn && open.length === 0 && proposal.running.length > 0) break;
    const gated = await gateCandidate(entry, planId, situation, charter);
    asked.push(...gated.asked);
    if (gated.kind === 'refused') refused.set(entry.candidate.id, gated.why);
    // people are not asked about what is only tried to learn
    else if (onlyToLearn && gated.status !== 'sent') continue;
    // what is explored is carried out the way the best would be
    else if (open.length === 0 || open[0]?.status === gated.status) open.push(gated);
    if (open.length > 0 && !explores) break;
  }
  const decisionIds = asked.map(({ decision }) => decision.decisionId);
  const { index, choice, credit } = selectPlan(open, situation, proposal, settings, planId);
  const chosen = open[index];
  if (!chosen) {
    const nothing = nothingChosen(proposal, refused);
    const reasons = [...nothing.reasons, ...reasonsOf(choice, nullStrategy)];
    return { ...nothing, reasons, choice, decisionIds, asked, credit: null };
  }
  const { candidate, status, mode, obligations, reasons } = chosen;
  return {
    candidate,
    status,
    refused,
    mode,
    approval: status === 'sent' ? 'auto_approved' : 'pending',
    obligations,
    decisionIds,
    reasons: [...reasons, ...reasonsOf(choice, candidate.strategy)],
    choice,
    policy: chosen.asked[0]?.decision.reasons[0]?.policy ?? null,
    asked,
    credit,
  };
}

function reasonsOf(choice: Selected['choice'], strategy: string): string[] {
  if (choice.seed === null) return [];
  const chances = Object.entries(choice.chances).map(([name, chance]) => `${name} ${(chance * 100).toFixed(0)} %`);
  const why =
    choice.held === 'budget'
      ? `the budget for exploring (${choice.saved.toFixed(2)} saved) holds it to the best known one`
      : strategy === choice.runbook
        ? 'the draw fell on the best known one'
        : `the draw fell on it instead of ${choice.runbook}, to learn`;
  return [`drawn among ${chances.join(', ')}: ${why}`];
}

type Nothing = Omit<Chosen, 'choice' | 'decisionIds' | 'asked' | 'credit'>;

function nothingChosen(proposal: Proposal, refused: ReadonlyMap<string, string>): Nothing {
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
    reasons: [why],
  };
}

function reasonForNothing({ restraint, ranked }: Proposal): string {
  if (restraint) return restraint.reason;
  const blocked = ranked.find(({ candidate }) => candidate !== null);
  if (!blocked?.candidate) return 'No strategy of the pack is meant for this root cause';
  return `Best would be ${blocked.candidate.strategy}, but ${blocked.blockedBy ?? 'it may not be chosen'}`;
}
