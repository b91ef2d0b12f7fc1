import { existsSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '../file-lock.ts';
import { stopOrphans } from '../running-record.ts';

const prefix = 'charter-test-';
const lockOf = (folder: string): string => join(folder, 'charter.lock');

/** A state directory for one test server, locked by this process. */
export async function claimTestFolder(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  // Started by root, Postgres runs as another user, who must be able to pass.
  await chmod(folder, 0o711);
  tryLock(lockOf(folder));
  return folder;
}

/** Stops the servers and deletes the folders of test runs that were killed. */
export async function sweepAbandonedFolders(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    if (!existsSync(lockOf(folder)) || statSync(folder).uid !== process.getuid?.()) continue;
    if ('holder' in tryLock(lockOf(folder))) continue;
    await stopOrphans(folder, () => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}
