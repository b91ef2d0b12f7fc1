import type { Decision, DecisionRequest } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import type { DecisionRecord } from '../adapters/decision-record.ts';
import type { Governance } from '../adapters/governance.ts';
import { type Judgement, judge, withinUsage } from '../domain/judge.ts';
import { isCounted } from '../domain/usage.ts';
import type { CharterMetrics } from '../metrics.ts';

export interface DecideDeps {
  readonly governance: Pick<Governance, 'current'>;
  readonly decisions: Pick<DecisionRecord, 'record' | 'usage'>;
  readonly metrics: CharterMetrics;
}

/** Answers a question and records the answer with all it was made from. */
export function decideNow({ governance, decisions, metrics }: DecideDeps) {
  /** Counts only where the rule sets a bound that has to be counted. */
  async function bounded(judgement: Judgement, { plan }: DecisionRequest): Promise<Judgement> {
    const { policy, rule, effect, decided } = judgement;
    if (effect === 'deny' || policy === null || rule === null || !isCounted(decided.obligations.limit))
      return judgement;
    return withinUsage(judgement, await decisions.usage({ policy, rule, planId: plan?.id ?? null }));
  }

  return async (request: DecisionRequest): Promise<Decision> => {
    const governing = governance.current();
    const now = Date.now();
    const judgement = await bounded(judge(governing, request, now), request);
    const { policy, rule, facts } = judgement;
    const decision: Decision = {
      effect: judgement.effect,
      reasons: [...judgement.reasons],
      obligations: judgement.obligations,
      automation: judgement.automation,
      policyVersion: governing.policyVersion,
      decisionId: newId(),
      decidedAt: new Date(now).toISOString(),
    };
    await decisions.record({ id: decision.decisionId, request, decision, policy, rule, facts });
    metrics.decided(decision.effect, decision.automation);
    return decision;
  };
}
export type Decide = ReturnType<typeof decideNow>;
