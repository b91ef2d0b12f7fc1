import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { versionOf } from '../adapters/active-set.ts';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import type { PolicyRow } from '../adapters/policy-rows.ts';
import { isSameGovernance } from '../domain/same-governance.ts';
import type { CharterTables } from '../tables.ts';
import { portable } from './analysis-job.ts';
import type { AnalyzePolicies } from './analyze-apart.ts';

export interface FindStricterDeps {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly analyzePolicies: AnalyzePolicies;
  readonly environment: string;
}

/**
 * Compares all that would be in force with a revision against all that is: dropping a denial can let another policy
 * allow more. Answers the version of the active set beside which the revision is strictly less permissive, null when it
 * is not, replaces nothing, or nobody can tell.
 */
export function findStricter({ store, reader, analyzePolicies, environment }: FindStricterDeps) {
  return async ({ id, name, environment: where }: PolicyRow): Promise<string | null> => {
    const active = await reader.active(store);
    const [now] = await reader.byIds(store, [id]);
    const replaced = active.find(({ row }) => row.name === name && row.environment === where);
    if (now === undefined || replaced === undefined || !isSameGovernance(replaced.policy, now.policy)) return null;
    const answer = await unlessTooLarge(
      analyzePolicies({
        kind: 'compare',
        before: active.map(({ policy }) => portable(policy)),
        after: active.map((loaded) => portable((loaded === replaced ? now : loaded).policy)),
        environment,
      }),
    );
    const isLess = answer?.kind === 'compare' && answer.result.ok && answer.result.comparison.verdict === 'less';
    return isLess ? versionOf(active.map(({ row }) => row.id)) : null;
  };
}

/** An analysis that takes too long tells nothing, and people are asked. */
async function unlessTooLarge<Answer>(analysis: Promise<Answer>): Promise<Answer | null> {
  try {
    return await analysis;
  } catch (error) {
    if (error instanceof CharterError && error.code === 'overloaded') return null;
    throw error;
  }
}
export type FindStricter = ReturnType<typeof findStricter>;
