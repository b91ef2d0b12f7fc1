import { type KeyObject, sign } from 'node:crypto';
import type { PolicySnapshot, SignedSnapshot } from '@charter/shared/charter-client';
import type { Store } from '@charter/store';
import type { Governance } from '../adapters/governance.ts';
import type { PolicyReader } from '../adapters/policy-reader.ts';
import { keyIdOf, publicPem } from '../domain/audit-checkpoint.ts';
import type { CharterTables } from '../tables.ts';

export interface SignSnapshotDeps {
  readonly store: Store<CharterTables>;
  readonly reader: PolicyReader;
  readonly governance: Pick<Governance, 'current'>;
  readonly key: KeyObject;
  readonly environment: string;
  readonly maxAgeSeconds: number;
}

/** Writes out and signs what governs reads now, good for a limited time. */
export function signSnapshot({ store, reader, governance, key, environment, maxAgeSeconds }: SignSnapshotDeps) {
  const publicKey = publicPem(key);
  return async (): Promise<SignedSnapshot & { publicKey: string }> => {
    const { policyIds, policyVersion, windows } = governance.current();
    const loaded = await reader.byIds(store, policyIds);
    const now = Date.now();
    const snapshot: PolicySnapshot = {
      policyVersion,
      environment,
      issuedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + maxAgeSeconds * 1_000).toISOString(),
      policies: loaded.map(({ row, policy }) => ({
        policyId: row.id,
        name: policy.name,
        document: JSON.parse(JSON.stringify(policy.document)) as PolicySnapshot['policies'][number]['document'],
      })),
      windows: JSON.parse(JSON.stringify(windows)) as PolicySnapshot['windows'],
    };
    const payload = JSON.stringify(snapshot);
    const signature = sign(null, Buffer.from(payload), key).toString('base64');
    return { payload, keyId: keyIdOf(publicKey), signature, publicKey };
  };
}
export type SignSnapshot = ReturnType<typeof signSnapshot>;
