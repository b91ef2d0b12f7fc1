import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const LEAKY_MAIN = fileURLToPath(new URL('./leaky-main.ts', import.meta.url));
/** After SIGTERM, before SIGKILL. */
const GRACE_MS = 1000;
const BACKOFF_MS = 500;

/** The supervised process as its supervisor sees it; `starts` counts from 1. */
export interface ProcessView {
  readonly pid: number;
  readonly starts: number;
  readonly startedAt: string;
  readonly port: number;
}

export interface SupervisedProcess {
  view(): ProcessView;
  /** Ends the process and starts another on the same port; resolves once that listens. */
  restart(): Promise<ProcessView>;
  close(): Promise<void>;
}

/** Starts the leaky server as a process of its own and starts it again whenever it exits by itself. */
export async function superviseLeakyServer(port: number, environment: NodeJS.ProcessEnv): Promise<SupervisedProcess> {
  const stopped = new WeakSet<ChildProcess>();
  let starts = 0;
  let isClosed = false;
  let { child, listeningOn } = await start(port);
  let current = viewOf(child, listeningOn);
  let turn: Promise<unknown> = Promise.resolve();

  async function start(onPort: number): Promise<{ child: ChildProcess; listeningOn: number }> {
    const started = fork(LEAKY_MAIN, [], { env: { ...environment, LEAKY_PORT: String(onPort) } });
    starts += 1;
    const ready = await Promise.race([once(started, 'message'), once(started, 'exit').then(() => null)]);
    if (ready === null) throw new Error(`The leaky server exited at its start, is port ${String(onPort)} taken?`);
    started.once('exit', () => {
      if (!stopped.has(started)) setTimeout(revive, BACKOFF_MS, started).unref();
    });
    return { child: started, listeningOn: Number(ready[0].port) };
  }

  function viewOf({ pid }: ChildProcess, onPort: number): ProcessView {
    return { pid: pid ?? 0, starts, startedAt: new Date().toISOString(), port: onPort };
  }

  /** Restarts, revivals and the close take turns. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = turn.then(act);
    turn = next.catch(() => undefined);
    return next;
  }

  async function replace(): Promise<ProcessView> {
    ({ child, listeningOn } = await start(listeningOn));
    current = viewOf(child, listeningOn);
    return current;
  }

  function revive(exited: ChildProcess): void {
    const again = (): void => void setTimeout(revive, BACKOFF_MS, exited).unref();
    inTurn(async () => {
      if (exited === child && !isClosed) await replace();
    }).catch(again);
  }

  async function stop(): Promise<void> {
    stopped.add(child);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    const running = child;
    const kill = setTimeout(() => running.kill('SIGKILL'), GRACE_MS);
    running.kill('SIGTERM');
    await exited;
    clearTimeout(kill);
  }

  return {
    view: () => current,
    restart: () =>
      inTurn(async () => {
        await stop();
        return replace();
      }),
    close: () =>
      inTurn(async () => {
        isClosed = true;
        await stop();
      }),
  };
}
