import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './process-identity.ts';
import { errorCode } from './stack-error.ts';

/** Who holds a lock file. */
export interface LockHolder {
  readonly pid: number;
  readonly identity: string;
}

/** Gives the lock back. Harmless when called again. */
export type Release = () => void;

const pollMs = 200;

/**
 * Takes a lock that lives as long as this process: a file naming its holder. A lock whose holder is gone is taken over.
 * Answers the living holder when there is one.
 */
export function tryLock(file: string): { release: Release } | { holder: LockHolder } {
  mkdirSync(dirname(file), { recursive: true });
  const own = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) ?? '' });
  for (;;) {
    try {
      writeFileSync(file, own, { flag: 'wx' });
      return { release: () => releaseLock(file, own) };
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const seen = readHolder(file);
    if (seen && isAlive(seen)) return { holder: seen };
    setAside(file);
  }
}

/** As `tryLock`, but waits for the holder to finish; `onWait` is told once whom it waits for. */
export async function waitForLock(file: string, onWait: (holder: LockHolder) => void): Promise<Release> {
  let told = false;
  for (;;) {
    const answer = tryLock(file);
    if ('release' in answer) return answer.release;
    if (!told) onWait(answer.holder);
    told = true;
    await delay(pollMs);
  }
}

/** Moves a stale lock away. Someone may have replaced it since it was read: a living one is put back. */
function setAside(file: string): void {
  const aside = `${file}.${String(process.pid)}.stale`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  const holder = readHolder(aside);
  try {
    if (holder && isAlive(holder)) linkSync(aside, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function releaseLock(file: string, own: string): void {
  if (readText(file) === own) rmSync(file, { force: true });
}

function isAlive({ pid, identity }: LockHolder): boolean {
  return processIdentity(pid) === identity;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The holder a lock file names; undefined when there is none or the file was cut short by a crash. */
function readHolder(file: string): LockHolder | undefined {
  const [, pid, identity] = /^\{"pid":(\d+),"identity":"(.+)"\}$/.exec(readText(file) ?? '') ?? [];
  return pid !== undefined && identity !== undefined ? { pid: Number(pid), identity } : undefined;
}
