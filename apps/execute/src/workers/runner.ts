import { ClaimLost, claimExecutions, handBack, type Run, renewClaims } from '../adapters/claims.ts';
import { carryOut } from './carry-out.ts';
import type { ExecuteDeps } from './deps.ts';
import { gatherRecords } from './gathered-records.ts';

export interface Runner {
  /** Looks for work now. */
  wake(): void;
  /** Drains: no new execution is taken, steps in flight finish, everything is handed back. */
  close(): Promise<void>;
}

interface Running {
  readonly run: Run;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/** Claims executions and carries them out, several at once, side by side with other executors. */
export function startRunner(deps: ExecuteDeps, holder: string): Runner {
  const { store, settings, clock, metrics, targets, onError } = deps;
  const carrying = { ...deps, record: gatherRecords(deps) };
  const running = new Map<string, Running>();
  const closing = new AbortController();
  let wakeUp = Promise.withResolvers<void>();
  /** The last claim took all it could: as soon as there is room again, it is worth another look. */
  let isMoreWaiting = false;

  async function claim(): Promise<void> {
    metrics.heartbeat();
    const count = settings.concurrency - running.size;
    if (count <= 0 || !targets.isKnown()) return;
    const runs = await claimExecutions(store, { holder, leaseSeconds: settings.leaseSeconds, count });
    isMoreWaiting = runs.length === count;
    for (const run of runs) start(run);
    metrics.inFlight(running.size);
  }

  function start(run: Run): void {
    const stop = new AbortController();
    const control = { signal: AbortSignal.any([stop.signal, closing.signal]) };
    const done = carryOut(carrying, run, control)
      .catch(async (error: unknown) => {
        if (error instanceof ClaimLost) return;
        onError(error, run.executionId);
        await handBack(store, run, settings.holdRetrySeconds).catch((cause: unknown) =>
          onError(cause, run.executionId),
        );
      })
      .finally(() => {
        if (running.get(run.executionId)?.run === run) running.delete(run.executionId);
        metrics.inFlight(running.size);
        if (isMoreWaiting && running.size <= settings.concurrency / 2) wakeUp.resolve();
      });
    running.set(run.executionId, { run, stop, done });
  }

  async function renew(): Promise<void> {
    const runs = [...running.values()].map(({ run }) => run);
    if (runs.length === 0) return;
    const kept = await renewClaims(store, runs, { lease: settings.leaseSeconds, target: settings.targetLeaseSeconds });
    for (const { run, stop } of running.values()) {
      if (runs.includes(run) && !kept.has(run.executionId)) stop.abort();
    }
  }

  /** Looks for work whenever woken, and every now and then, until closing; a failure is told and the next round comes. */
  const claiming = (async () => {
    while (!closing.signal.aborted) {
      wakeUp = Promise.withResolvers<void>();
      await claim().catch((error: unknown) => onError(error, null));
      const nap = new AbortController();
      const over = AbortSignal.any([closing.signal, nap.signal]);
      await Promise.race([clock.wait(settings.pollSeconds * 1_000, over).catch(() => undefined), wakeUp.promise]);
      nap.abort();
    }
  })();
  const drained = new AbortController();
  const renewing = (async () => {
    while (!drained.signal.aborted) {
      await renew().catch((error: unknown) => onError(error, null));
      await clock.wait((settings.leaseSeconds * 1_000) / 4, drained.signal).catch(() => undefined);
    }
  })();

  return {
    wake: () => wakeUp.resolve(),
    async close() {
      closing.abort();
      await claiming;
      await Promise.all([...running.values()].map(({ done }) => done));
      drained.abort();
      await renewing;
    },
  };
}
