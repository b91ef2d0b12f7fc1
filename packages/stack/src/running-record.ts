import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './process-identity.ts';
import type { Report } from './stack-error.ts';

/** What is written down about a process that was started, so that a later start can end it when its launcher was killed. */
interface RunningRecord {
  readonly pid: number;
  readonly identity: string;
  readonly stopSignal: NodeJS.Signals;
}

const orphanTimeoutMs = 10_000;
const pollMs = 50;

const folderOf = (stateDir: string): string => join(stateDir, 'run');
const fileOf = (stateDir: string, name: string): string => join(folderOf(stateDir), `${name}.json`);

/** Writes down that `name` runs as `pid`. */
export function recordRunning(stateDir: string, name: string, pid: number, stopSignal: NodeJS.Signals): void {
  mkdirSync(folderOf(stateDir), { recursive: true });
  const record: RunningRecord = { pid, identity: processIdentity(pid) ?? '', stopSignal };
  writeFileSync(fileOf(stateDir, name), JSON.stringify(record));
}

/** Forgets what was written down about `name`. */
export function forgetRunning(stateDir: string, name: string): void {
  rmSync(fileOf(stateDir, name), { force: true });
}

/** Ends every process that an earlier launcher on this state directory left behind, and says so. The caller holds the state lock. */
export async function stopOrphans(stateDir: string, report: Report): Promise<void> {
  for (const name of recordedNames(stateDir)) {
    const record = readRecord(fileOf(stateDir, name));
    if (record && record.identity !== '' && processIdentity(record.pid) === record.identity) {
      report(`${name} (pid ${String(record.pid)}) was left running by a start that was killed: stopping it`);
      await endOrphan(record);
    }
    forgetRunning(stateDir, name);
  }
}

async function endOrphan({ pid, identity, stopSignal }: RunningRecord): Promise<void> {
  const deadline = performance.now() + orphanTimeoutMs;
  process.kill(pid, stopSignal);
  while (processIdentity(pid) === identity) {
    if (performance.now() > deadline) process.kill(-pid, 'SIGKILL');
    await delay(pollMs);
  }
}

function recordedNames(stateDir: string): string[] {
  mkdirSync(folderOf(stateDir), { recursive: true });
  return readdirSync(folderOf(stateDir))
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));
}

/** The record in this file; undefined when it was cut short. */
function readRecord(file: string): RunningRecord | undefined {
  const text = readFileSync(file, 'utf8');
  const [, pid, identity, stopSignal] =
    /^\{"pid":(\d+),"identity":"(.*)","stopSignal":"(SIG[A-Z]+)"\}$/.exec(text) ?? [];
  if (pid === undefined || identity === undefined) return undefined;
  return { pid: Number(pid), identity, stopSignal: stopSignal === 'SIGINT' ? 'SIGINT' : 'SIGTERM' };
}
