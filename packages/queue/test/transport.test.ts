import { CharterError, deadLetterQueueName, defineQueue } from '@charter/shared/contracts';
import { startTestRedis } from '@charter/stack/testing';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { openTransport, type Transport } from '../src/index.ts';
import { testPrefix } from '../src/testing/index.ts';

interface Tables {
  done: { text: string };
}

const migrations = { '001-done': 'create table done (text text not null);' };
const jobQueue = defineQueue({ name: 'jobs', data: z.object({ text: z.string() }) });

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<Tables>;
const open: Transport[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<Tables>({ url: database.url, schema: 'worker', migrations });
});

afterEach(async () => {
  await sql`truncate transport.outbox, transport.inbox`.execute(store.db);
  await Promise.all(open.splice(0).map((transport) => transport.close()));
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

function transportOn(redisUrl: string, options: { prefix?: string; resendAfterSeconds?: number } = {}): Transport {
  const transport = openTransport({
    app: 'test',
    store,
    redisUrl,
    registry: new Registry(),
    onError: () => undefined,
    prefix: testPrefix(),
    ...options,
  });
  open.push(transport);
  return transport;
}

const send = (text: string) => store.transaction((tx) => tx.enqueue(jobQueue, { text }));

const reached = (transport: Transport) =>
  expect.poll(() => transport.ping().then(() => 'reached', String)).toBe('reached');

function recordingIn(texts: string[]) {
  return (message: Parameters<Store<Tables>['consume']>[0]) =>
    store.consume(message, async ({ db }) => {
      const { text } = message.data as { text: string };
      await db.insertInto('done').values({ text }).execute();
      texts.push(text);
    });
}

describe('a queue', () => {
  test('hands over what a transaction promised', async () => {
    const done: string[] = [];
    transportOn(inject('redisUrl')).consume(jobQueue, recordingIn(done));
    await send('promised');
    await expect.poll(() => done).toEqual(['promised']);
  });

  test('tries again, then keeps what nobody can do in dead-letters with its reason', async () => {
    const transport = transportOn(inject('redisUrl'));
    const tried: string[] = [];
    transport.consume(jobQueue, async ({ data }) => {
      tried.push(data.text);
      throw new Error('cannot be done');
    });
    const id = await send('hopeless');
    const letters = transport.publisher.queue(deadLetterQueueName);
    await expect.poll(() => letters.getJobs(), { timeout: 10_000 }).toHaveLength(1);
    const [letter] = await letters.getJobs();
    expect(letter?.data).toMatchObject({ queue: 'jobs', consumer: 'test', reason: 'cannot be done', job: { id } });
    expect(tried).toHaveLength(jobQueue.attempts);
  });

  test('a job forged straight into Redis does nothing and ends in dead-letters', async () => {
    const transport = transportOn(inject('redisUrl'));
    const done: string[] = [];
    transport.consume(jobQueue, recordingIn(done));
    const forged = {
      v: 1,
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      incidentId: null,
      traceparent: null,
      emittedAt: '2026-01-01T00:00:00.000Z',
      data: { text: 'forged' },
    };
    await reached(transport);
    await transport.publisher.queue('jobs').add('jobs', forged);
    await transport.publisher.queue('jobs').add('jobs', { rubbish: true });
    const letters = transport.publisher.queue(deadLetterQueueName);
    await expect.poll(() => letters.getJobs()).toHaveLength(2);
    expect(done).toEqual([]);
  });

  test('a consumer whose Postgres is away for a while costs the message no attempt', async () => {
    const done: string[] = [];
    const record = recordingIn(done);
    let outages = 4;
    transportOn(inject('redisUrl')).consume(jobQueue, async (message) => {
      outages -= 1;
      if (outages > 0) throw new CharterError('upstream-unavailable', 'Postgres did not answer');
      return record(message);
    });
    await send('patient');
    await expect.poll(() => done, { timeout: 10_000 }).toEqual(['patient']);
  });
});

describe('Redis of its own', () => {
  test('emptied between promise and consumption, it loses and repeats nothing', async () => {
    await using redis = await startTestRedis();
    const producer = transportOn(redis.url, { prefix: '{flush}', resendAfterSeconds: 1 });
    await reached(producer);
    const promised = ['a', 'b', 'c', 'd'];
    for (const text of promised) await send(text);
    await expect.poll(() => producer.publisher.queue('jobs').getWaitingCount()).toBe(4);
    const admin = new Redis(redis.url);
    await admin.flushall();
    admin.disconnect();
    const done: string[] = [];
    producer.consume(jobQueue, recordingIn(done));
    await expect.poll(() => done.toSorted(), { timeout: 10_000 }).toEqual(promised);
    await Promise.all(open.splice(0).map((transport) => transport.close()));
  });

  test('gone, it hangs no close', async () => {
    const redis = await startTestRedis();
    const transport = transportOn(redis.url);
    transport.consume(jobQueue, async () => undefined);
    await reached(transport);
    await redis.stop();
    await expect(transport.close()).resolves.toBeUndefined();
    open.splice(0);
  });
});
