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
 * Throws `document-invalid` when policies, in force beside the others, would hold rules that certainly never take
 * effect: denials that match nothing, grants that denials cover. Those that leave with the change do not count.
 */
export function refuseConflicts({ store, reader, analyzePolicies, environment }: RefuseConflictsDeps) {
  return async (changed: readonly Policy[], leaving: readonly Policy[] = []): Promise<void> => {
    const active = (await reader.active(store)).map((loaded) => loaded.policy);
    const isReplaced = (other: Policy): boolean =>
      [...changed, ...leaving].some(
        ({ name, environment: where }) => name === other.name && where === other.environment,
      );
    const names = new Set(changed.map(({ name }) => name));
    const policies = [...active.filter((other) => !isReplaced(other)), ...changed].map(portable);
    const answer = await analyzePolicies({ kind: 'conflicts', policies, traffic: [], environment });
    if (answer.kind !== 'conflicts') return;
    const errors = answer.findings
      .filter(({ severity, verdict, kind }) => severity === 'error' && verdict === 'certain' && kind !== 'not-compiled')
      .filter(({ rules }) => rules.some((rule) => names.has(rule.policy)))
      .map(({ detail, rules }) => {
        const own = rules.find((rule) => names.has(rule.policy));
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
