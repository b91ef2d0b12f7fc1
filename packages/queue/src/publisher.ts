import { CharterError, deadLetterQueueName, type Envelope, queuePrefix, queues } from '@charter/shared/contracts';
import type { OutboxMessage } from '@charter/store';
import { type JobsOptions, Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { producerConnection } from './connection.ts';
import { endsWithin } from './deadline.ts';
import { expectDurable } from './redis-durability.ts';

/** Why a job went to `dead-letters`, with the whole job, so that a person can judge and send it again. */
export interface DeadLetter {
  readonly queue: string;
  readonly consumer: string;
  readonly reason: string;
  readonly at: string;
  readonly job: unknown;
}

export interface Publisher {
  /** Puts messages on their queues; one that is already there stays as it is. Rejects when Redis is away. */
  publish(messages: readonly OutboxMessage[]): Promise<void>;
  bury(letter: DeadLetter, jobId: string): Promise<void>;
  /** Answers, or throws `upstream-unavailable`; refuses a Redis that forgets unless told otherwise. */
  ping(): Promise<void>;
  /** The queue itself, for counts. */
  queue(name: string): Queue;
  close(): Promise<void>;
}

/** How long a publication waits for a connection, in milliseconds. */
const connectMs = 1_000;

const attemptsOf = new Map<string, number>(queues.map(({ name, attempts }) => [name, attempts]));

/** Completed jobs stay a while for people to see; the inbox, not this, keeps a message from being done twice. */
const kept = { removeOnComplete: { age: 3_600, count: 1_000 }, removeOnFail: { age: 604_800, count: 5_000 } };

export interface PublisherOptions {
  readonly redisUrl: string;
  readonly prefix?: string;
  /** Take a Redis without an append-only file, or one that evicts keys. */
  readonly allowVolatile?: boolean;
}

export function createPublisher({
  redisUrl,
  prefix = queuePrefix,
  allowVolatile = false,
}: PublisherOptions): Publisher {
  const connection = producerConnection(redisUrl);
  const open = new Map<string, Queue>();

  function queue(name: string): Queue {
    const known = open.get(name);
    if (known) return known;
    const created = new Queue(name, {
      connection,
      prefix,
      skipWaitingForReady: true,
      skipVersionCheck: true,
      skipMetasUpdate: true,
    });
    created.on('error', () => undefined); // whoever publishes gets the rejection
    open.set(name, created);
    return created;
  }

  async function addTo(name: string, messages: readonly OutboxMessage[]): Promise<void> {
    const jobs = messages.map(({ envelope }) => ({ name, data: envelope, opts: jobOptions(name, envelope) }));
    const [only] = jobs;
    if (jobs.length === 1 && only) await queue(name).add(name, only.data, only.opts);
    else await queue(name).addBulk(jobs);
  }

  return {
    queue,
    async publish(messages) {
      await expectReady(connection);
      const byQueue = Map.groupBy(messages, (message) => message.queue);
      await Promise.all([...byQueue].map(([name, group]) => addTo(name, group)));
    },
    async bury(letter, jobId) {
      await queue(deadLetterQueueName).add(letter.queue, letter, {
        jobId: `${letter.queue}-${jobId}`,
        ...kept,
      });
    },
    ping: () => expectDurable(connection, allowVolatile),
    async close() {
      await endsWithin(Promise.all([...open.values()].map((each) => each.close())), 1_000);
      connection.disconnect();
    },
  };
}

/** A connection that is just being made is waited for; one that stays away is a failure of this attempt. */
async function expectReady(connection: Redis): Promise<void> {
  if (connection.status === 'ready') return;
  const ready = Promise.withResolvers<void>();
  connection.once('ready', ready.resolve);
  if (!(await endsWithin(ready.promise, connectMs))) {
    connection.off('ready', ready.resolve);
    throw new CharterError('upstream-unavailable', 'Redis did not answer');
  }
}

function jobOptions(queue: string, envelope: Envelope): JobsOptions {
  return {
    jobId: envelope.id,
    attempts: attemptsOf.get(queue) ?? 5,
    backoff: { type: 'exponential', delay: 250, jitter: 0.5 },
    ...kept,
  };
}
