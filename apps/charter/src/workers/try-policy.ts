import { decide, type Policy, runPolicyTests } from '@charter/policy';
import type { Store } from '@charter/store';
import { compileSet } from '../adapters/active-set.ts';
import type { DecisionRecord } from '../adapters/decision-record.ts';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import type { CharterTables } from '../tables.ts';
import { requestOf } from './explain-decision.ts';

export interface TryPolicyDeps {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly decisions: Pick<DecisionRecord, 'page'>;
  readonly environment: string;
}

const pageSize = 500;

/**
 * Runs a policy's own tests, and decides recorded requests again as if it were active in place of the revision of its
 * name and environment. Nothing is recorded or changed.
 */
export function tryPolicy({ store, reader, decisions, environment }: TryPolicyDeps) {
  return async (policy: Policy, mostDecisions: number) => {
    const active = await reader.active(store);
    const isReplaced = (other: Policy): boolean =>
      other.name === policy.name && other.environment === policy.environment;
    const before = compileSet(
      active.map((loaded) => loaded.policy),
      environment,
    );
    const after = compileSet(
      [...active.map((loaded) => loaded.policy).filter((other) => !isReplaced(other)), policy],
      environment,
    );
    let replayed = 0;
    const changed = [];
    for (let cursor: string | undefined; replayed < mostDecisions; ) {
      const limit = Math.min(pageSize, mostDecisions - replayed);
      const page = await decisions.page(cursor === undefined ? { limit } : { limit, cursor });
      for (const recorded of page.items) {
        const request = requestOf(recorded);
        const [then, now] = [decide(before, request), decide(after, request)];
        if (then.effect === now.effect) continue;
        changed.push({
          decisionId: recorded.id,
          action: request.action,
          target: request.target ?? null,
          metric: request.metric ?? null,
          role: request.role ?? null,
          before: { effect: then.effect, rule: then.rule?.id ?? null },
          after: { effect: now.effect, rule: now.rule?.id ?? null },
        });
      }
      replayed += page.items.length;
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    const run = runPolicyTests(policy);
    const tests = run.ok
      ? { passed: run.passed, failed: run.failed, coverage: run.coverage.share, uncovered: [...run.coverage.uncovered] }
      : { passed: 0, failed: policy.tests.length, coverage: 0, uncovered: policy.rules.map(({ id }) => id) };
    const results = run.ok ? run.results.map(({ name, pass, reasons }) => ({ name, pass, reasons: [...reasons] })) : [];
    return { replayed, changed, tests: { ...tests, results } };
  };
}
export type TryPolicy = ReturnType<typeof tryPolicy>;
