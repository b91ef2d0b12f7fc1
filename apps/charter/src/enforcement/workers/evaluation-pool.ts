import { setImmediate as yieldTurn } from 'node:timers/promises';
import { CharterError } from '@charter/shared/contracts';
import type { EvaluationSpec } from '../domain/component-spec.ts';

interface Job {
  readonly size: number;
  /** Evaluates the items from `start` up to `end`. */
  readonly evaluate: (start: number, end: number) => void;
  readonly deadline: number;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}
type Lane = 'small' | 'large';

/**
 * Evaluates batches: as many side by side as there are replicas, each in slices that let others have their turn, small
 * batches before large ones by weight. Every bound is read anew for each batch, so that a change holds at once.
 */
export function evaluationPool(spec: () => EvaluationSpec) {
  const lanes: Record<Lane, Job[]> = { small: [], large: [] };
  const turns: Record<Lane, number> = { small: 0, large: 0 };
  let busy = 0;
  let evaluated = 0;
  let bucket = { tokens: 0, at: 0, limit: 0 };

  /** The lane that had the fewest turns for its weight; an empty one takes no turn. */
  function nextJob(): Job | undefined {
    const { weights } = spec();
    const [lane] = (['small', 'large'] as const)
      .filter((name) => lanes[name].length > 0)
      .sort((a, b) => (turns[a] + 1) / Math.max(weights[a], 1e-6) - (turns[b] + 1) / Math.max(weights[b], 1e-6));
    if (lane === undefined) {
      turns.small = 0;
      turns.large = 0;
      return undefined;
    }
    turns[lane] += 1;
    return lanes[lane].shift();
  }

  async function carryOut({ size, evaluate, deadline, done }: Job): Promise<void> {
    for (let start = 0; start < size; ) {
      if (performance.now() > deadline) throw new CharterError('overloaded', 'The batch was not evaluated in time');
      const end = Math.min(size, start + spec().config.batchSize);
      evaluate(start, end);
      evaluated += end - start;
      start = end;
      if (start < size) await yieldTurn();
    }
    done();
  }

  async function work(): Promise<void> {
    busy += 1;
    try {
      while (busy <= spec().replicas) {
        const job = nextJob();
        if (!job) return;
        await carryOut(job).catch(job.fail);
      }
    } finally {
      busy -= 1;
    }
  }

  function wake(): void {
    const waiting = lanes.small.length + lanes.large.length;
    const idle = Math.min(spec().replicas - busy, waiting);
    for (let started = 0; started < idle; started += 1) void work().finally(wake);
  }

  return {
    /** Throws `rate-limited` when more samples came within a second than are let in. */
    admit(samples: number): void {
      const limit = spec().limitRequestsPerSecond;
      if (limit === null) return;
      const now = performance.now();
      const isNew = bucket.limit !== limit;
      const refilled = isNew ? limit : Math.min(limit, bucket.tokens + ((now - bucket.at) * limit) / 1_000);
      bucket = { tokens: refilled, at: now, limit };
      // One request may be larger than the bucket; a full one lets it in and pays it back.
      if (refilled < Math.min(samples, limit)) {
        throw new CharterError('rate-limited', `At most ${String(limit)} samples a second are validated here`);
      }
      bucket.tokens -= samples;
    },
    /** Resolves when all items are evaluated. Throws `overloaded` when too many wait or the time is up. */
    run(size: number, evaluate: Job['evaluate']): Promise<void> {
      const { config, replicas } = spec();
      if (size <= config.batchSize && busy < replicas && lanes.small.length + lanes.large.length === 0) {
        evaluate(0, size);
        evaluated += size;
        return Promise.resolve();
      }
      if (lanes.small.length + lanes.large.length >= config.queueLimit) {
        throw new CharterError('overloaded', 'Too many batches wait to be evaluated');
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const lane = size <= config.batchSize ? 'small' : 'large';
      const deadline = performance.now() + config.timeoutMs;
      lanes[lane].push({ size, evaluate, deadline, done: resolve, fail: reject });
      wake();
      return promise;
    },
    /** Counts from the start again; batches that wait stay. */
    restart(): void {
      evaluated = 0;
      bucket = { tokens: 0, at: 0, limit: 0 };
      wake();
    },
    state: () => ({ busy, waiting: lanes.small.length + lanes.large.length, evaluated }),
  };
}
export type EvaluationPool = ReturnType<typeof evaluationPool>;
