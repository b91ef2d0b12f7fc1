import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import type { AuditHead } from './audit-chain.ts';

/** A signed statement that the chain reached this record: who cuts off or rewrites what lies before cannot forge it. */
export interface AuditCheckpoint extends AuditHead {
  readonly at: string;
  readonly keyId: string;
  /** Base64 of the ed25519 signature. */
  readonly signature: string;
}

const signedText = ({ seq, hash: head, at }: AuditHead & { at: string }): Buffer =>
  Buffer.from(`charter audit checkpoint\n${String(seq)}\n${head}\n${at}`);

export const publicPem = (key: KeyObject): string =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'pem' }).toString();

export const keyIdOf = (publicKey: string): string => hash('sha256', publicKey, 'hex').slice(0, 16);

export function signCheckpoint(head: AuditHead, at: string, privateKey: KeyObject): AuditCheckpoint {
  const { seq, hash: headHash } = head;
  const signature = sign(null, signedText({ seq, hash: headHash, at }), privateKey).toString('base64');
  return { seq, hash: headHash, at, keyId: keyIdOf(publicPem(privateKey)), signature };
}

export function isSigned(checkpoint: AuditCheckpoint, publicKey: string): boolean {
  return verify(null, signedText(checkpoint), publicKey, Buffer.from(checkpoint.signature, 'base64'));
}
