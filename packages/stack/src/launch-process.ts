import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { processLog } from './process-log.ts';
import { forgetRunning, recordRunning } from './running-record.ts';

/** How to start one process. */
export interface LaunchSpec {
  /** Short and unique in the state directory: names the log and the pid file. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Run as this user and group instead of ours (root only). */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** The log is `<stateDir>/logs/<name>.log`, the pid file `<stateDir>/run/<name>.json`. */
  readonly stateDir: string;
  /** What asks it to end; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** One running process. */
export interface Launched {
  readonly pid: number | undefined;
  readonly logFile: string;
  /** Resolves with the reason, in words, when the process has ended or could not be run. */
  readonly exited: Promise<string>;
  signal(signal: NodeJS.Signals): void;
  /** Asks it to end and waits; SIGKILL to its whole group after the deadline. */
  end(timeoutMs: number): Promise<void>;
  /** The most telling line of its log since it was launched. */
  lastWords(): string;
}

/**
 * Starts a process in a group of its own, so that Ctrl-C in the terminal reaches the launcher alone, which then stops its
 * parts in order. Output goes straight into the log file: the process outlives a crash of its launcher undisturbed.
 */
export function launchProcess(spec: LaunchSpec): Launched {
  const { name, stateDir, stopSignal = 'SIGTERM' } = spec;
  const log = processLog(stateDir, name);
  const output = log.open();
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: { ...process.env, ...spec.env },
    stdio: ['ignore', output, output],
    detached: true,
    ...spec.user,
  });
  closeSync(output);
  if (child.pid !== undefined) recordRunning(stateDir, name, child.pid, stopSignal);
  const forgetChild = endWithUs(child, stopSignal);

  let ended = false;
  const exited = exitOf(child).then((reason) => {
    ended = true;
    forgetChild();
    forgetRunning(stateDir, name);
    return reason;
  });
  return {
    pid: child.pid,
    logFile: log.file,
    exited,
    signal: (signal) => void child.kill(signal),
    async end(timeoutMs) {
      if (ended) return;
      child.kill(stopSignal);
      const timer = setTimeout(() => killGroup(child), timeoutMs);
      await exited;
      clearTimeout(timer);
    },
    lastWords: () => log.lastWords(),
  };
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(`cannot be run: ${error.message}`);
    });
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${String(code)}` : `signal ${signal}`));
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

const children = new Map<ChildProcess, NodeJS.Signals>();

function endChildren(): void {
  for (const [child, signal] of children) child.kill(signal);
}

/** Asks the child to end when this process exits without having stopped it, for instance on an uncaught error. */
function endWithUs(child: ChildProcess, signal: NodeJS.Signals): () => void {
  if (children.size === 0) process.on('exit', endChildren);
  children.set(child, signal);
  return () => {
    children.delete(child);
    if (children.size === 0) process.off('exit', endChildren);
  };
}
