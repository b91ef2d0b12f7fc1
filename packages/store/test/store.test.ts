import { CharterError, defineQueue, type Envelope } from '@charter/shared/contracts';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import {
  digestOf,
  type OutboxMessage,
  openStore,
  outboxBacklog,
  type ReceivedMessage,
  type Store,
  startRelay,
} from '../src/index.ts';

interface Tables {
  note: { id: string; text: string };
}

const migrations = { '001-note': 'create table note (id text primary key, text text not null);' };
const noteQueue = defineQueue({ name: 'notes', data: z.object({ text: z.string() }) });

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<Tables>;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<Tables>({ url: database.url, schema: 'writer', migrations });
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

beforeEach(async () => {
  await sql`truncate transport.outbox, transport.inbox, writer.note`.execute(store.db);
});

/** What a consumer would be handed for a message that the outbox holds. */
function received({ queue, envelope }: OutboxMessage): ReceivedMessage {
  return { ...envelope, queue, digest: digestOf(envelope) };
}

async function promise(text: string): Promise<OutboxMessage> {
  const sent = Promise.withResolvers<OutboxMessage>();
  store.onCommitted(([message]) => {
    if (message && JSON.stringify(message.envelope.data) === JSON.stringify({ text })) sent.resolve(message);
  });
  await store.transaction((tx) => tx.enqueue(noteQueue, { text }, { incidentId: null }));
  return sent.promise;
}

describe('migrations', () => {
  test('replicas that open the same schema at once all find it ready', async () => {
    const opened = await Promise.all(
      [1, 2, 3, 4].map(() => openStore<Tables>({ url: database.url, schema: 'replica', migrations, poolSize: 2 })),
    );
    const rows = await Promise.all(opened.map((each) => each.db.selectFrom('note').selectAll().execute()));
    expect(rows).toEqual([[], [], [], []]);
    await Promise.all(opened.map((each) => each.close()));
  });

  test('a database that is not there is said to be unavailable', async () => {
    const url = 'postgres://nobody:x@127.0.0.1:1/none';
    await expect(openStore({ url, schema: 'x', migrations: {} })).rejects.toMatchObject({
      code: 'upstream-unavailable',
    });
  });
});

describe('the outbox', () => {
  test('promises nothing when its transaction rolls back', async () => {
    const failing = store.transaction(async (tx) => {
      await tx.enqueue(noteQueue, { text: 'never' });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await outboxBacklog(store as unknown as Store<never>)).toMatchObject({ waiting: 0 });
  });

  test('refuses data that does not match the contract of its queue', async () => {
    const wrong = store.transaction((tx) => tx.enqueue(noteQueue, { text: 7 } as unknown as { text: string }));
    await expect(wrong).rejects.toMatchObject({ code: 'message-invalid' });
  });

  test('a message that was published but never acknowledged is published again', async () => {
    await promise('lost in Redis');
    const published: Envelope[] = [];
    const relay = startRelay({
      store: store as unknown as Store<never>,
      publish: async (messages) => void published.push(...messages.map(({ envelope }) => envelope)),
      onError: (error) => expect.unreachable(String(error)),
      resendAfterSeconds: 0,
      sweepEveryMs: 20,
    });
    await expect.poll(() => published.length).toBeGreaterThan(1);
    await relay.close();
    expect(published[0]?.data).toEqual({ text: 'lost in Redis' });
  });

  test('a broker that is away loses nothing: the next sweep sends at once', async () => {
    const published: string[] = [];
    let away = true;
    const relay = startRelay({
      store: store as unknown as Store<never>,
      async publish(messages) {
        if (away) throw new CharterError('upstream-unavailable', 'Redis is away');
        published.push(...messages.map(({ envelope }) => envelope.id));
      },
      onError: () => {
        away = false;
      },
      sweepEveryMs: 20,
    });
    const { envelope } = await promise('while away');
    await expect.poll(() => published).toContain(envelope.id);
    await relay.close();
  });
});

test('many messages promised in one statement travel like single ones, in their order and each with its incident', async () => {
  const incidents = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'] as const;
  const sent = Promise.withResolvers<readonly OutboxMessage[]>();
  store.onCommitted((messages) => {
    if (messages.length === 2) sent.resolve(messages);
  });
  await store.transaction(async (tx) => {
    await tx.enqueueAll(noteQueue, []);
    const items = incidents.map((incidentId) => ({ data: { text: incidentId }, options: { incidentId } }));
    await tx.enqueueAll(noteQueue, items);
  });
  const messages = await sent.promise;
  expect(messages.map(({ envelope }) => envelope.incidentId)).toEqual(incidents);
  for (const message of messages) expect(await store.consume(received(message), async () => undefined)).toBe(true);
});

test('one message that breaks its contract keeps all of its statement from being promised', async () => {
  const items = [{ data: { text: 'good' } }, { data: { text: 7 as unknown as string } }];
  await expect(store.transaction((tx) => tx.enqueueAll(noteQueue, items))).rejects.toMatchObject({
    code: 'message-invalid',
  });
  expect(await outboxBacklog(store as unknown as Store<never>)).toMatchObject({ waiting: 0 });
});

describe('the inbox', () => {
  test('a message delivered twice is done once', async () => {
    const message = received(await promise('once'));
    const work = (id: string) =>
      store.consume(
        message,
        async ({ db }) => void (await db.insertInto('note').values({ id, text: 'once' }).execute()),
      );
    const done = await Promise.all([work('a'), work('b'), work('c')]);
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await store.db.selectFrom('note').selectAll().execute()).toHaveLength(1);
    expect(await outboxBacklog(store as unknown as Store<never>)).toMatchObject({ waiting: 0 });
  });

  test('work that fails leaves the message to be done again', async () => {
    const message = received(await promise('again'));
    const failing = store.consume(message, async () => {
      throw new Error('not this time');
    });
    await expect(failing).rejects.toThrow('not this time');
    expect(await store.consume(message, async () => undefined)).toBe(true);
  });

  test('a message without an outbox row, or with other content, is forged', async () => {
    const genuine = received(await promise('genuine'));
    const forgeries: ReceivedMessage[] = [
      { ...genuine, id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' },
      { ...genuine, digest: digestOf({ ...genuine, data: { text: 'forged' } }) },
      { ...genuine, queue: 'other' },
    ];
    for (const forged of forgeries) {
      const consumed = store.consume(forged, async () => expect.unreachable('a forged message does nothing'));
      await expect(consumed).rejects.toMatchObject({ code: 'message-forged' });
    }
  });

  test('what a consumer promises belongs to the incident and trace of what it consumed', async () => {
    const message = { ...received(await promise('cause')), incidentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
    const sent: Envelope[] = [];
    store.onCommitted((messages) => sent.push(...messages.map(({ envelope }) => envelope)));
    await store.consume(message, async (tx) => void (await tx.enqueue(noteQueue, { text: 'effect' })));
    expect(sent.at(-1)).toMatchObject({ incidentId: message.incidentId, data: { text: 'effect' } });
  });
});
