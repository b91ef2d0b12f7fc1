import { openTransport } from '@charter/queue';
import { createRegistry } from '@charter/service';
import { defineQueue, type Message } from '@charter/shared/contracts';
import { newId, openStore } from '@charter/store';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { z } from 'zod';

/** Hops of one incident: violations, analyses, plans, outcomes, timeline. */
export const hops = 5;

/** Something that carries an incident through all hops; `send` resolves when it has come out at the end. */
export interface Chain {
  send(incident: number): Promise<void>;
  close(): Promise<void>;
}

const Payload = z.object({ incident: z.number(), text: z.string() });
const text = 'x'.repeat(600); // what an analysis or a plan of the demo weighs in JSON, roughly

function arrivals() {
  const waiting = new Map<number, () => void>();
  return {
    expect: (incident: number) => new Promise<void>((resolve) => void waiting.set(incident, resolve)),
    arrived(incident: number) {
      waiting.get(incident)?.();
      waiting.delete(incident);
    },
  };
}

/** Charter's own hand-over: each hop is one Postgres transaction with inbox, a journal row, outbox and acknowledgement. */
export async function charterChain(urls: { redis: string; postgres: string }): Promise<Chain> {
  interface Tables {
    journal: { id: string; hop: number; body: string };
  }
  const { expect, arrived } = arrivals();
  const queues = Array.from({ length: hops }, (_, hop) => defineQueue({ name: `bench-${String(hop)}`, data: Payload }));
  const store = await openStore<Tables>({
    url: urls.postgres,
    schema: 'bench',
    migrations: { '001-journal': 'create table journal (id text primary key, hop int not null, body text not null);' },
  });
  const transport = openTransport({
    app: 'bench',
    store,
    redisUrl: urls.redis,
    registry: createRegistry('monitor'),
    prefix: '{bench}',
    onError: (error) => {
      throw error;
    },
  });
  for (const [hop, queue] of queues.entries()) {
    const next = queues[hop + 1];
    transport.consume(queue, async (message) => {
      await store.consume(message, async (tx) => {
        await tx.db.insertInto('journal').values({ id: newId(), hop, body: message.data.text }).execute();
        if (next) await tx.enqueue(next, message.data);
      });
      if (!next) arrived(message.data.incident);
    });
  }
  const [first] = queues;
  if (!first) throw new Error('a chain has a first hop');
  return {
    async send(incident) {
      const done = expect(incident);
      await store.transaction((tx) => tx.enqueue(first, { incident, text }));
      await done;
    },
    async close() {
      await transport.close();
      await store.close();
    },
  };
}

/** The same hops on BullMQ alone: no record, nothing that survives an emptied Redis. */
export async function bullmqChain(redisUrl: string): Promise<Chain> {
  const { expect, arrived } = arrivals();
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const names = Array.from({ length: hops }, (_, hop) => `bare-${String(hop)}`);
  const queues = names.map((name) => new Queue(name, { connection, prefix: '{bare}' }));
  const options = { removeOnComplete: { count: 1_000 } };
  const workers = names.map((name, hop) => {
    const next = queues[hop + 1];
    const work = async ({ data }: { data: z.infer<typeof Payload> }) => {
      if (next) await next.add('hop', data, options);
      else arrived(data.incident);
    };
    return new Worker(name, work, { connection, prefix: '{bare}', concurrency: 8 });
  });
  return {
    async send(incident) {
      const done = expect(incident);
      await queues[0]?.add('hop', { incident, text }, options);
      await done;
    },
    async close() {
      await Promise.all([...workers, ...queues].map((each) => each.close()));
      connection.disconnect();
    },
  };
}

/** The limit: the same hops as pushes and blocking pops on Redis lists, eight readers a list, nothing else. */
export async function listChain(redisUrl: string): Promise<Chain> {
  const { expect, arrived } = arrivals();
  const writer = new Redis(redisUrl);
  const readers: Redis[] = [];
  const reading: Promise<void>[] = [];
  for (let hop = 0; hop < hops; hop += 1) {
    for (let reader = 0; reader < 8; reader += 1) {
      const connection = new Redis(redisUrl);
      readers.push(connection);
      reading.push(readList(connection, hop));
    }
  }
  async function readList(connection: Redis, hop: number): Promise<void> {
    for (;;) {
      const popped = await connection.blpop(`list-${String(hop)}`, 0).catch(() => null);
      if (!popped) return;
      const data = JSON.parse(popped[1]) as Message<z.infer<typeof Payload>>['data'];
      if (hop + 1 < hops) await writer.rpush(`list-${String(hop + 1)}`, JSON.stringify(data));
      else arrived(data.incident);
    }
  }
  return {
    async send(incident) {
      const done = expect(incident);
      await writer.rpush('list-0', JSON.stringify({ incident, text }));
      await done;
    },
    async close() {
      for (const reader of readers) reader.disconnect();
      await Promise.all(reading);
      writer.disconnect();
    },
  };
}
