import { CharterError, Envelope, type QueueDefinition, violatedContract } from '@charter/shared/contracts';
import { digestOf, type ReceivedMessage } from '@charter/store';
import { DelayedError, type Job, UnrecoverableError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { endsWithin } from './deadline.ts';
import type { QueueMetrics, Verdict } from './metrics.ts';
import type { DeadLetter, Publisher } from './publisher.ts';

export type Handler<Data> = (message: ReceivedMessage<Data>) => Promise<unknown>;

/** Wraps the handling of each message, for instance into a span. */
export type QueueTelemetry = (message: ReceivedMessage, handle: () => Promise<unknown>) => Promise<unknown>;

export interface ConsumerDeps {
  readonly consumer: string;
  /** A connection of the worker's own: whoever closes one worker must not cut off another. */
  readonly connect: () => Redis;
  readonly publisher: Publisher;
  readonly prefix: string;
  readonly metrics: QueueMetrics;
  readonly onError: (
    error: unknown,
    context: { queue: string; id?: string | undefined; incidentId?: string | null },
  ) => void;
  /** Stops the outbox from sending a message that no consumer can take. */
  readonly bury: (queue: string, id: string) => Promise<void>;
  readonly telemetry?: QueueTelemetry;
  readonly concurrency?: number;
}

export interface Consumer {
  close(): Promise<void>;
}

/** A killed worker's job is taken over after lock plus check, 7 s at most. */
const lockMs = 5_000;
const stalledCheckMs = 2_000;
/** BullMQ fails a job for good once it stalled this often; crashes of a consumer are no fault of the message. */
const stallsAllowed = 1_000;
/** How long to leave a message alone when something it needs is away; that costs no attempt. */
const postponeMs = 500;
/** A worker that takes nothing for this long while messages wait is replaced. */
const silentMs = 15_000;
/** How long close waits for running jobs, and for a worker that has none. */
const drainMs = 10_000;
const idleMs = 1_000;

/** Takes messages off one queue until closed. */
export function startConsumer<Data>(
  queue: QueueDefinition<Data>,
  handler: Handler<Data>,
  deps: ConsumerDeps,
): Consumer {
  const { publisher, prefix, metrics, onError, telemetry } = deps;
  let taken = 0;
  let active = 0;
  let running = start();

  function start(): RunningWorker {
    const connection = deps.connect();
    const worker = new Worker(queue.name, take, {
      connection,
      prefix,
      concurrency: deps.concurrency ?? 8,
      lockDuration: lockMs,
      stalledInterval: stalledCheckMs,
      maxStalledCount: stallsAllowed,
      drainDelay: 2,
      runRetryDelay: 1_000,
    });
    worker.on('error', (error) => onError(error, { queue: queue.name }));
    worker.on(
      'failed',
      (job, error) => void onFailed(job, error).catch((cause) => onError(cause, { queue: queue.name })),
    );
    return { worker, connection };
  }

  async function take(job: Job, token?: string): Promise<void> {
    taken += 1;
    active += 1;
    const started = performance.now();
    let verdict: Verdict = 'retried';
    let traceparent: string | null = null;
    try {
      const message = receive(queue, job);
      traceparent = message.traceparent;
      const done = await (telemetry ? telemetry(message, () => handler(message)) : handler(message));
      verdict = done === false ? 'repeated' : 'done';
    } catch (error) {
      if (error instanceof CharterError && error.retryable) {
        verdict = 'postponed';
        await job.moveToDelayed(Date.now() + postponeMs, token);
        throw new DelayedError();
      }
      if (error instanceof CharterError) {
        verdict = 'buried';
        throw new UnrecoverableError(`${error.code}: ${error.message}`);
      }
      onError(error, { queue: queue.name, id: job.id, incidentId: incidentOf(job) });
      throw error;
    } finally {
      active -= 1;
      const seconds = (performance.now() - started) / 1_000;
      metrics.handled(queue.name, verdict, seconds, (Date.now() - job.timestamp) / 1_000, traceparent);
    }
  }

  async function onFailed(job: Job | undefined, error: Error): Promise<void> {
    if (!job?.id || (await job.getState()) !== 'failed') return;
    onError(error, { queue: queue.name, id: job.id, incidentId: incidentOf(job) });
    const letter: DeadLetter = {
      queue: queue.name,
      consumer: deps.consumer,
      reason: error.message.slice(0, 2_000),
      at: new Date().toISOString(),
      job: job.data,
    };
    await publisher.bury(letter, job.id);
    const genuine = Envelope.safeParse(job.data);
    if (genuine.success && !error.message.startsWith('message-forged')) await deps.bury(queue.name, genuine.data.id);
  }

  const watchdog = setInterval(
    () => void watch().catch((error) => onError(error, { queue: queue.name })),
    stalledCheckMs * 2,
  );

  let silent = { sinceMs: performance.now(), taken };

  /** Messages that wait while nothing is taken, look after look, mean that the worker died without a word. */
  async function watch(): Promise<void> {
    const waiting = await publisher.queue(queue.name).getWaitingCount();
    if (waiting === 0 || active > 0 || taken !== silent.taken) {
      silent = { sinceMs: performance.now(), taken };
      return;
    }
    if (performance.now() - silent.sinceMs < silentMs) return;
    onError(new Error(`Worker of ${queue.name} took nothing for ${silentMs} ms while ${waiting} waited`), {
      queue: queue.name,
    });
    metrics.revived(queue.name);
    const dead = running;
    running = start();
    silent = { sinceMs: performance.now(), taken };
    await closeWorker(dead, idleMs);
  }

  return {
    async close() {
      clearInterval(watchdog);
      await closeWorker(running, active > 0 ? drainMs : idleMs);
    },
  };
}

interface RunningWorker {
  readonly worker: Worker;
  readonly connection: Redis;
}

/** Lets running jobs end, at most `ms`; then lets go, and another worker takes over once the lock has run out. */
async function closeWorker({ worker, connection }: RunningWorker, ms: number): Promise<void> {
  if (!(await endsWithin(worker.close(), ms))) await endsWithin(worker.close(true), 500);
  connection.disconnect();
}

function receive<Data>(queue: QueueDefinition<Data>, job: Job): ReceivedMessage<Data> {
  const envelope = Envelope.safeParse(job.data);
  if (!envelope.success) throw new CharterError('message-invalid', violatedContract(envelope.error));
  const data = queue.data.safeParse(envelope.data.data);
  if (!data.success) throw new CharterError('message-invalid', violatedContract(data.error));
  return { ...envelope.data, data: data.data, queue: queue.name, digest: digestOf(job.data) };
}

const incidentOf = (job: Job): string | null =>
  typeof job.data === 'object' && typeof job.data?.incidentId === 'string' ? job.data.incidentId : null;
