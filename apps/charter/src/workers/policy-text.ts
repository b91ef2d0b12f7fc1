import type { Policy } from '@charter/policy';
import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { loadPolicies, type PolicyRow } from '../adapters/policy-rows.ts';
import type { CharterTables } from '../tables.ts';

/** Reads one revision with its document. */
export function policyTextOf(store: Store<CharterTables>) {
  return async (id: string): Promise<{ row: PolicyRow; policy: Policy }> => {
    const [found] = await loadPolicies(store, { ids: [id] });
    if (!found) throw new CharterError('not-found', `No policy ${id}`);
    return found;
  };
}
export type PolicyText = ReturnType<typeof policyTextOf>;
