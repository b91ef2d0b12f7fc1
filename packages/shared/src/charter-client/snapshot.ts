import { verify } from 'node:crypto';
import { z } from 'zod';
import { CharterError, Instant, Name } from '../contracts/index.ts';

/** The policies in force, written out and signed by the charter; `payload` is the JSON text of a `PolicySnapshot`. */
export const SignedSnapshot = z.object({ payload: z.string(), keyId: z.string(), signature: z.string() });
export type SignedSnapshot = z.infer<typeof SignedSnapshot>;

export const PolicySnapshot = z.object({
  policyVersion: z.string(),
  environment: Name,
  issuedAt: Instant,
  /** Nothing may be decided from it afterwards. */
  expiresAt: Instant,
  policies: z.array(z.object({ policyId: z.string(), name: Name, document: z.record(z.string(), z.json()) })),
  windows: z.array(z.json()),
});
export type PolicySnapshot = z.infer<typeof PolicySnapshot>;

/**
 * Opens a snapshot, so that what may be read can be decided while the charter is away. Automatic actions are never
 * decided from it: ask the charter, whose silence is a denial. `publicKey` is the PEM of its ed25519 key, kept from
 * before. Throws `upstream-unavailable` when somebody else signed it or it is too old.
 */
export function openSnapshot({ payload, signature }: SignedSnapshot, publicKey: string, now: Date): PolicySnapshot {
  if (!verify(null, Buffer.from(payload), publicKey, Buffer.from(signature, 'base64'))) {
    throw new CharterError('upstream-unavailable', 'The snapshot of policies is not signed by the charter');
  }
  const snapshot = PolicySnapshot.parse(JSON.parse(payload));
  if (Date.parse(snapshot.expiresAt) <= now.getTime()) {
    throw new CharterError('upstream-unavailable', `The snapshot of policies is too old since ${snapshot.expiresAt}`);
  }
  return snapshot;
}
