import { decide, explain, type PolicyRequest } from '@charter/policy';
import type { Store } from '@charter/store';
import { compileSet } from '../adapters/active-set.ts';
import type { DecisionRecord, RecordedDecision } from '../adapters/decision-record.ts';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import { policyRequest } from '../domain/judge.ts';
import type { CharterTables } from '../tables.ts';

export interface ExplainDeps {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly decisions: Pick<DecisionRecord, 'find'>;
  readonly environment: string;
}

/** The question as the policies saw it. Overrides are not tried again: the record says which one decided. */
export const requestOf = ({ request, facts }: RecordedDecision): PolicyRequest => ({
  ...policyRequest(request, [], [], facts.now),
  windows: facts.windows,
});

/** Makes a recorded decision again with the policies of then, and says what every rule about it said. */
export function explainDecision({ store, reader, decisions, environment }: ExplainDeps) {
  return async (id: string) => {
    const recorded = await decisions.find(id);
    if (!recorded) return null;
    const set = await store.db
      .selectFrom('policy_set')
      .select('policy_ids')
      .where('version', '=', recorded.decision.policyVersion)
      .executeTakeFirst();
    if (!set) return { ...recorded, trace: [], recomputed: null };
    const loaded = await reader.byIds(store, set.policy_ids);
    const idOf = new Map(loaded.map(({ row, policy }) => [policy, row.id]));
    const snapshot = compileSet(
      loaded.map(({ policy }) => policy),
      environment,
    );
    const again = decide(snapshot, requestOf(recorded));
    const byRules = recorded.facts.override !== null ? recorded.decision.effect : again.effect;
    const { freeze, limit } = recorded.facts;
    const effect = freeze !== null || limit !== null ? 'deny' : byRules;
    const policyOf = new Map(snapshot.rules.map(({ ref, policy }) => [ref, policy]));
    const trace = explain(again).trace.map(({ rule, outcome, condition }) => {
      const policy = policyOf.get(rule);
      return {
        policy: rule.policy,
        policyId: policy ? (idOf.get(policy) ?? null) : null,
        rule: rule.id,
        line: rule.line,
        effect: rule.effect,
        rollout: rule.rollout,
        outcome,
        condition,
      };
    });
    return { ...recorded, trace, recomputed: { effect, agrees: effect === recorded.decision.effect } };
  };
}
export type Explain = ReturnType<typeof explainDecision>;
