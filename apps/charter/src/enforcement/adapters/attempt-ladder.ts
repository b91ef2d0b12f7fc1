import type { Closeable, Log } from '@charter/service';
import { everyInterval } from '@charter/service';
import type { Store } from '@charter/store';
import type { CharterTables } from '../../tables.ts';
import type { DomainMetrics } from '../metrics.ts';
import { climb, type ForbiddenAttempt } from './climb-ladder.ts';

export interface AttemptLadderOptions {
  readonly store: Store<CharterTables>;
  readonly environment: string;
  readonly metrics: DomainMetrics;
  readonly log: Log;
  /** Called when an event opened or rose. */
  readonly onEscalated: () => void;
}

/** Attempts that wait at most; beyond it their number is recorded instead. */
const mostWaiting = 10_000;
const batch = 2_000;
/** Attempts that come this soon after others are gathered: a transaction costs much the same whatever it holds. */
const gatherMs = 25;
const retryMs = 500;
/** Rungs kept in all; the least recently seen go first. */
const mostRungs = 10_000;

interface Waiting {
  readonly attempt: ForbiddenAttempt;
  readonly startedAt: number;
}

/**
 * Puts attempts on the escalation ladder, which all replicas share and a restart keeps. Attempts that come together
 * are recorded together, in one transaction with the events they lead to: the first at once, then what came meanwhile.
 */
export function attemptLadder(options: AttemptLadderOptions) {
  const { store, environment, metrics, log } = options;
  let waiting: Waiting[] = [];
  let lost = 0;
  /** How many attempts came that did not get lost, and how many of them are on disk: they are recorded in turn. */
  let came = 0;
  let recorded = 0;
  let pending: Array<{ readonly until: number; readonly resolve: () => void }> = [];
  let underWay: Promise<void> | null = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  let gathering: NodeJS.Timeout | undefined;

  async function recordOldest(): Promise<void> {
    const taken = waiting.slice(0, batch);
    const gap = lost;
    if (taken.length === 0 && gap === 0) return;
    waiting = waiting.slice(batch);
    lost = 0;
    lastAt = performance.now();
    const attempts = taken.map(({ attempt }) => attempt);
    try {
      const escalations = await store.transaction((tx) => climb(tx, attempts, gap, environment));
      for (const { count } of escalations) count(metrics);
      if (escalations.some(({ audit }) => audit.length > 0)) {
        const [first] = taken;
        if (first) metrics.reported((performance.now() - first.startedAt) / 1_000);
        options.onEscalated();
      }
      recorded += taken.length;
      for (const { until, resolve } of pending) if (until <= recorded) resolve();
      pending = pending.filter(({ until }) => until > recorded);
    } catch (error) {
      waiting = [...taken, ...waiting];
      lost += gap;
      throw error;
    }
  }

  function flush(): Promise<void> {
    underWay ??= recordOldest()
      .finally(() => {
        underWay = null;
      })
      .then(flushSoon);
    return underWay;
  }

  /** Records what came until now, without gathering more. */
  async function flushAll(): Promise<void> {
    const until = came;
    while (recorded < until || lost > 0) await flush();
  }

  function flushSoon(): void {
    if (underWay !== null || gathering !== undefined || waiting.length === 0) return;
    const waitMs = waiting.length < batch ? lastAt + gatherMs - performance.now() : 0;
    if (waitMs <= 0) flush().catch(onError);
    else gathering = setTimeout(gathered, waitMs);
  }

  function gathered(): void {
    gathering = undefined;
    flush().catch(onError);
  }

  const onError = (error: unknown): void =>
    log.error({ err: error, waiting: waiting.length }, 'attempts could not be recorded; they wait');
  const retrying: Closeable & { close(): Promise<void> } = everyInterval(retryMs, flushAll, onError);

  return {
    /** Resolves when all of them are on disk. */
    async record(attempts: readonly ForbiddenAttempt[]): Promise<void> {
      const startedAt = performance.now();
      for (const attempt of attempts) {
        metrics.attempted(attempt.metric, attempt.source, 'blocked');
        if (waiting.length >= mostWaiting) lost += 1;
        else {
          came += 1;
          waiting.push({ attempt, startedAt });
        }
      }
      flushSoon();
      const until = came;
      if (until === recorded) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      pending.push({ until, resolve });
      await promise;
    },
    /** Resolves when what came until now is on disk, or cannot be now. */
    settled: (): Promise<void> => flushAll().catch(onError),
    /** Drops the rungs that nobody stood on for longest. */
    async trim(): Promise<void> {
      await store.db
        .deleteFrom('ladder_rung')
        .where('last_at', '<', (eb) =>
          eb.selectFrom('ladder_rung').select('last_at').orderBy('last_at', 'desc').offset(mostRungs).limit(1),
        )
        .execute();
    },
    async close(): Promise<void> {
      clearTimeout(gathering);
      await retrying.close();
      await flushAll().catch(onError);
    },
  };
}
export type AttemptLadder = ReturnType<typeof attemptLadder>;
