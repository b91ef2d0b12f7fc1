import type { Policy } from '@charter/policy';
import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import type { CharterTables } from '../tables.ts';
import { portable } from './analysis-job.ts';
import type { AnalyzePolicies } from './analyze-apart.ts';

export interface RefuseConflictsDeps {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly analyzePolicies: AnalyzePolicies;
  readonly environment: string;
}

/** Errors told at most. */
const mostErrors = 20;

/**
 * Throws `document-invalid` when a policy, in force beside the others, would hold rules that certainly never take
 * effect: denials that match nothing, grants that denials cover.
 */
export function refuseConflicts({ store, reader, analyzePolicies, environment }: RefuseConflictsDeps) {
  return async (policy: Policy): Promise<void> => {
    const active = (await reader.active(store)).map((loaded) => loaded.policy);
    const others = active.filter((other) => other.name !== policy.name || other.environment !== policy.environment);
    const policies = [...others, policy].map(portable);
    const answer = await analyzePolicies({ kind: 'conflicts', policies, traffic: [], environment });
    if (answer.kind !== 'conflicts') return;
    const errors = answer.findings
      .filter(({ severity, verdict, kind }) => severity === 'error' && verdict === 'certain' && kind !== 'not-compiled')
      .filter(({ rules }) => rules.some((rule) => rule.policy === policy.name))
      .map(({ detail, rules }) => {
        const own = rules.find((rule) => rule.policy === policy.name);
        const at = { pointer: own?.pointer ?? '', detail };
        return own?.line == null ? at : { ...at, line: own.line };
      });
    if (errors.length === 0) return;
    const [first] = errors;
    const detail = `${first?.detail ?? ''}; activate it with an override that gives a reason if this is meant`;
    throw new CharterError('document-invalid', detail, { errors: errors.slice(0, mostErrors) });
  };
}
export type RefuseConflicts = ReturnType<typeof refuseConflicts>;
