import type { Policy } from '@charter/policy';
import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import type { PolicyRow } from '../adapters/policy-rows.ts';
import type { CharterTables } from '../tables.ts';

/** Reads one revision with its document. */
export function policyTextOf(store: Store<CharterTables>, reader: PolicyReader) {
  return async (id: string): Promise<{ row: PolicyRow; policy: Policy }> => {
    const [found] = await reader.byIds(store, [id]);
    if (!found) throw new CharterError('not-found', `No policy ${id}`);
    return found;
  };
}
export type PolicyText = ReturnType<typeof policyTextOf>;
