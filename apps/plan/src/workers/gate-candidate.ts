import { type Analysis, CharterError, type Decision, type DecisionRequest } from '@charter/shared/contracts';
import type { PlanStatus } from '../domain/attempt.ts';
import type { Candidate } from '../domain/candidate.ts';
import type { Choice } from '../domain/draft-plan.ts';
import { blastRadiusOf, brokenObligation, verdictFrom, withinObligations } from '../domain/gate.ts';
import { planHash } from '../domain/plan-hash.ts';
import type { Situation } from '../domain/propose.ts';
import type { RankedPlan } from '../domain/rank-plans.ts';
import type { Charter } from '../ports.ts';

type Entry = RankedPlan & { readonly candidate: Candidate };

/** One question to the charter and its answer, as they are recorded. */
export interface Asked {
  readonly request: DecisionRequest;
  readonly decision: Decision;
}

/** What the charter and its obligations leave of a candidate. */
export type Gated =
  | { readonly kind: 'refused'; readonly why: string; readonly asked: readonly Asked[] }
  | {
      readonly kind: 'open';
      readonly candidate: Candidate;
      readonly status: PlanStatus;
      readonly mode: Choice['mode'];
      readonly obligations: Choice['obligations'];
      readonly reasons: readonly string[];
      readonly asked: readonly Asked[];
    };

/** What the charter client answers when the charter is silent. */
const isSilence = ({ decisionId }: Decision): boolean => decisionId === 'none';

/** Asks about every action of a candidate. Throws `upstream-unavailable` while the charter is silent: nothing was denied. */
export async function gateCandidate(
  entry: Entry,
  planId: string,
  situation: Situation,
  charter: Pick<Charter, 'decide'>,
): Promise<Gated> {
  const asked = await askAbout(entry, planId, situation, charter);
  const verdict = verdictFrom(asked.map(({ decision }) => decision));
  if (verdict.effect === 'deny') return { kind: 'refused', why: `the charter denies it: ${verdict.reason}`, asked };
  const { states, targets } = situation;
  const candidate = withinObligations(entry.candidate, verdict.obligations, (target) => {
    const replicas = states.get(target)?.spec?.replicas;
    return typeof replicas === 'number' ? replicas : null;
  });
  const broken = brokenObligation(candidate, verdict.obligations, blastRadiusOf(candidate, targets));
  if (broken !== null) return { kind: 'refused', why: broken, asked };
  const { mode, obligations, reasons } = verdict;
  return { kind: 'open', candidate, status: statusFor(mode, verdict.effect), mode, obligations, reasons, asked };
}

const statusFor = (mode: Choice['mode'], effect: 'allow' | 'require-approval'): PlanStatus => {
  if (mode === 'observe') return 'observed';
  return mode === 'approve' || effect === 'require-approval' ? 'pending' : 'sent';
};

async function askAbout(
  { candidate, score }: Entry,
  planId: string,
  { analysis, targets }: Situation,
  charter: Pick<Charter, 'decide'>,
): Promise<Asked[]> {
  const plan = {
    id: planId,
    hash: planHash(analysis.environment, candidate.actions),
    cost: Math.min(1, score.cost),
    risk: score.risk,
    confidence: candidate.cause.confidence,
    blastRadius: blastRadiusOf(candidate, targets),
  };
  const asked = await Promise.all(
    candidate.actions.map(async ({ action, target }) => {
      const request = requestFor(action, target, analysis, targets, plan);
      return { request, decision: await charter.decide(request) };
    }),
  );
  const silent = asked.find(({ decision }) => isSilence(decision));
  if (silent) {
    throw new CharterError('upstream-unavailable', silent.decision.reasons[0]?.text ?? 'The charter did not answer');
  }
  return asked;
}

function requestFor(
  action: string,
  target: string,
  analysis: Analysis,
  targets: Situation['targets'],
  plan: NonNullable<DecisionRequest['plan']>,
): DecisionRequest {
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
