import { compilePolicies, type Policy, type PolicySnapshot } from '@charter/policy';
import { CharterError } from '@charter/shared/contracts';
import { digestOf } from '../domain/digest.ts';
import type { PolicyReader } from './policy-reader.ts';
import type { Reader } from './policy-rows.ts';

/** The active policies, compiled together. */
export interface ActiveSet {
  readonly version: string;
  readonly ids: readonly string[];
  readonly snapshot: PolicySnapshot;
}

const versionLength = 16;

export function compileSet(policies: readonly Policy[], environment: string): PolicySnapshot {
  const compiled = compilePolicies(policies, { environment });
  if (compiled.ok) return compiled.snapshot;
  const errors = compiled.errors.map(({ policy, detail, ...rest }) => ({ ...rest, detail: `${policy}: ${detail}` }));
  throw new CharterError('document-invalid', `Together with the active policies: ${errors[0]?.detail ?? ''}`, {
    errors,
  });
}

/** Names a set of active revisions. */
export const versionOf = (ids: readonly string[]): string => digestOf(ids).slice(0, versionLength);

/**
 * Loads and compiles what is active as this transaction sees it. Throws `document-invalid` when the policies are too
 * much for one snapshot; inside a change that takes the change back.
 */
export async function activeSet(tx: Reader, policies: PolicyReader, environment: string): Promise<ActiveSet> {
  const loaded = await policies.active(tx);
  const ids = loaded.map(({ row }) => row.id);
  return {
    ids,
    version: versionOf(ids),
    snapshot: compileSet(
      loaded.map(({ policy }) => policy),
      environment,
    ),
  };
}
