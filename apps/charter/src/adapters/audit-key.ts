import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CharterError } from '@charter/shared/contracts';
import type { CharterConfig } from '../config.ts';

/** The ed25519 key that signs checkpoints: the configured one, or one made once in the state directory. */
export async function auditKey(
  config: Pick<CharterConfig, 'CHARTER_AUDIT_KEY' | 'CHARTER_STATE_DIR'>,
): Promise<KeyObject> {
  const path = config.CHARTER_AUDIT_KEY ?? join(config.CHARTER_STATE_DIR, 'audit-key.pem');
  if (config.CHARTER_AUDIT_KEY === undefined) await createOnce(path, config.CHARTER_STATE_DIR);
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new CharterError('config-invalid', `CHARTER_AUDIT_KEY: cannot read a private key from ${path}`, { cause });
  }
  throw new CharterError('config-invalid', `CHARTER_AUDIT_KEY: ${path} holds no ed25519 key`);
}

async function createOnce(path: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  try {
    await writeFile(path, pem, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}
