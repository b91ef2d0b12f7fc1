import { setTimeout as delay } from 'node:timers/promises';
import { type Launched, type LaunchSpec, launchProcess } from './launch-process.ts';
import type { Probe } from './probes.ts';
import { type Report, StackError } from './stack-error.ts';

/** How to run one process and keep it running. */
export interface ProcessSpec extends LaunchSpec {
  /** Polled after each start until it resolves. */
  readonly probe: Probe;
  /** How long a start may take until the probe resolves; default 30,000 ms. */
  readonly readyTimeoutMs?: number;
  /** How long it may take to end before SIGKILL; default 10,000 ms. */
  readonly stopTimeoutMs?: number;
  /** Wait before the n-th restart in a row: `firstMs` doubled each time up to `maxMs`; the row ends after `steadyMs` of running. */
  readonly backoff?: Backoff;
  /** Told about crashes and restarts. */
  readonly report?: Report;
}

/** All in milliseconds. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly steadyMs: number;
}

/** `waiting`: it ended by itself and is started again after its backoff. */
export type ProcessState = 'starting' | 'ready' | 'waiting' | 'stopping' | 'stopped';

/** A snapshot for people and dashboards. */
export interface PartStatus {
  readonly name: string;
  readonly pid: number | undefined;
  readonly state: ProcessState;
  /** How often it was started again, on demand or after a crash. */
  readonly restarts: number;
}

/** A process that is started again whenever it ends by itself. */
export interface SupervisedProcess {
  readonly name: string;
  readonly logFile: string;
  status(): PartStatus;
  /** Resolves when the process is ready, at once when it is; rejects with a `StackError` when it is being stopped. */
  whenReady(): Promise<void>;
  /** Ends it in order and starts it again; resolves when it is ready. */
  restart(): Promise<void>;
  /** Sends a signal to the process alone, as a failure would. */
  kill(signal: NodeJS.Signals): void;
  /** Ends it, by SIGKILL after the deadline. Harmless when called again. */
  stop(): Promise<void>;
}

const defaultBackoff: Backoff = { firstMs: 250, maxMs: 10_000, steadyMs: 30_000 };
const probeEveryMs = 50;

/**
 * Starts a process and resolves when it is ready. When it ends before that, rejects with a `StackError` that carries its last
 * words; when it ends later, reports so and starts it again with exponential backoff until stopped.
 */
export async function superviseProcess(spec: ProcessSpec): Promise<SupervisedProcess> {
  const { name, report = () => undefined, stopTimeoutMs = 10_000, backoff = defaultBackoff } = spec;
  let intent: 'run' | 'restart' | 'stop' = 'run';
  let state: ProcessState = 'starting';
  let restarts = 0;
  let wake = new AbortController();
  let current = launchProcess(spec);
  let readyGate = Promise.withResolvers<void>();
  readyGate.promise.catch(() => undefined);

  const leaveReady = (next: ProcessState): void => {
    if (state === 'ready') {
      readyGate = Promise.withResolvers<void>();
      readyGate.promise.catch(() => undefined);
    }
    state = next;
  };
  const enterReady = (): void => {
    state = 'ready';
    readyGate.resolve();
  };

  try {
    await becomeReady(current, spec);
    enterReady();
  } catch (error) {
    await current.end(stopTimeoutMs);
    throw error;
  }

  const superviseUntilStopped = async (): Promise<void> => {
    let crashes = 0;
    let readySince = performance.now();
    while (true) {
      const reason = await current.exited;
      if (intent === 'stop') return;
      if (intent === 'run') {
        crashes = performance.now() - readySince > backoff.steadyMs ? 1 : crashes + 1;
        const waitMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** (crashes - 1));
        leaveReady('waiting');
        report(
          `${name} ended by itself (${reason}); starting it again in ${String(waitMs)} ms. Log: ${current.logFile}`,
        );
        wake = new AbortController();
        await delay(waitMs, undefined, { signal: wake.signal }).catch(() => undefined);
      }
      if (intentIs('stop')) return;
      intent = 'run';
      restarts += 1;
      leaveReady('starting');
      current = launchProcess(spec);
      readySince = performance.now();
      try {
        await becomeReady(current, spec);
        readySince = performance.now();
        enterReady();
        report(`${name} is running again (pid ${String(current.pid)})`);
      } catch (error) {
        if (intentIs('run')) report(error instanceof Error ? error.message : String(error));
        await current.end(stopTimeoutMs);
      }
    }
  };
  const intentIs = (wanted: typeof intent): boolean => intent === wanted;
  const supervision = superviseUntilStopped();

  return {
    name,
    logFile: current.logFile,
    status: () => ({
      name,
      pid: state === 'waiting' || state === 'stopped' ? undefined : current.pid,
      state,
      restarts,
    }),
    whenReady: () => readyGate.promise,
    async restart() {
      if (intent === 'stop') throw new StackError(`${name} is being stopped`);
      intent = 'restart';
      leaveReady('stopping');
      wake.abort();
      await current.end(stopTimeoutMs);
      await readyGate.promise;
    },
    kill: (signal) => current.signal(signal),
    async stop() {
      if (intent !== 'stop') {
        intent = 'stop';
        leaveReady('stopping');
        readyGate.reject(new StackError(`${name} is being stopped`));
        wake.abort();
        await current.end(stopTimeoutMs);
      }
      await supervision;
      state = 'stopped';
    },
  };
}

/** Polls the probe; throws when the process ends first or the time is up. */
async function becomeReady(launched: Launched, { name, probe, readyTimeoutMs = 30_000 }: ProcessSpec): Promise<void> {
  const deadline = performance.now() + readyTimeoutMs;
  const exit: { reason?: string } = {};
  const exited = launched.exited.then((reason) => {
    exit.reason = reason;
  });
  let lastFailure = '';
  while (exit.reason === undefined) {
    try {
      await Promise.race([probe(), exited]);
      if (exit.reason === undefined) return;
    } catch (error) {
      lastFailure = error instanceof Error ? error.message : String(error);
    }
    if (performance.now() > deadline) {
      throw new StackError(
        `${name} was not ready after ${String(readyTimeoutMs / 1_000)} s (${launched.lastWords() || lastFailure}). Log: ${launched.logFile}`,
      );
    }
    await Promise.race([delay(probeEveryMs), exited]);
  }
  const words = launched.lastWords();
  throw new StackError(
    `${name} did not start (${exit.reason})${words === '' ? '' : `: ${words}`}. Log: ${launched.logFile}`,
  );
}
