import { Envelope } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { OutboxMessage, Store } from './store.ts';

export interface RelayOptions {
  readonly store: Store<never>;
  /** Puts messages on their queues. Rejects when the broker is out of reach; the relay tries again. */
  readonly publish: (messages: readonly OutboxMessage[]) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** A message without acknowledgement is published again after this long. */
  readonly resendAfterSeconds?: number;
  readonly sweepEveryMs?: number;
  /** Acknowledged rows older than this are dropped, with their inbox rows. */
  readonly keepSeconds?: number;
}

export interface Relay {
  /** Publishes now what is overdue. */
  sweep(): Promise<number>;
  close(): Promise<void>;
}

const batchSize = 500;

/**
 * Publishes what transactions promised: at once after their commit, and again until the consumer has committed.
 * Any living service sends on what a dead one left behind, so Redis may be emptied at any moment.
 */
export function startRelay(options: RelayOptions): Relay {
  const { store, publish, onError, resendAfterSeconds = 10, sweepEveryMs = 2_000, keepSeconds = 86_400 } = options;
  let lastPurge = 0;
  let committed: OutboxMessage[] = [];
  let sending: Promise<void> = Promise.resolve();

  const ignoreCommits = store.onCommitted((messages) => {
    committed.push(...messages);
    sending = sending.then(sendCommitted);
  });

  /** One publication at a time: what commits meanwhile goes out together with the next. */
  async function sendCommitted(): Promise<void> {
    if (committed.length === 0) return;
    const messages = committed;
    committed = [];
    await publish(messages).catch(async (error: unknown) => {
      onError(error);
      await markUnsent(messages).catch(onError);
    });
  }

  /** The next sweep sends these, without waiting for an acknowledgement that cannot come. */
  async function markUnsent(messages: readonly OutboxMessage[]): Promise<void> {
    const ids = messages.map(({ envelope }) => envelope.id);
    await sql`update transport.outbox set published_at = to_timestamp(0) where id = any(${ids})`.execute(
      store.transport,
    );
  }

  async function sweep(): Promise<number> {
    const { rows } = await sql<{ queue: string; payload: string }>`
      update transport.outbox set published_at = now()
      where id in (
        select id from transport.outbox
        where acked_at is null and dead_at is null and published_at < now() - make_interval(secs => ${resendAfterSeconds})
        order by published_at limit ${batchSize} for update skip locked)
      returning queue, payload`.execute(store.transport);
    if (rows.length > 0) {
      await publish(rows.map(({ queue, payload }) => ({ queue, envelope: Envelope.parse(JSON.parse(payload)) })));
    }
    return rows.length;
  }

  async function purge(): Promise<void> {
    await sql`
      with gone as (
        delete from transport.outbox where acked_at < now() - make_interval(secs => ${keepSeconds}) returning id)
      delete from transport.inbox where id in (select id from gone)`.execute(store.transport);
  }

  async function round(): Promise<void> {
    try {
      while ((await sweep()) === batchSize);
      if (Date.now() - lastPurge > 600_000) {
        lastPurge = Date.now();
        await purge();
      }
    } catch (error) {
      onError(error);
    }
  }

  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(round);
  }, sweepEveryMs);

  return {
    sweep,
    async close() {
      ignoreCommits();
      clearInterval(timer);
      await running;
      await sending;
    },
  };
}

/** Stops sending a message that no consumer can take. */
export async function buryMessage(store: Store<never>, queue: string, id: string): Promise<void> {
  await sql`update transport.outbox set dead_at = now() where id = ${id} and queue = ${queue} and acked_at is null`.execute(
    store.transport,
  );
}

/** Sends a buried message again, after a person has removed what killed it. @returns false when there is none */
export async function reviveMessage(store: Store<never>, queue: string, id: string): Promise<boolean> {
  const { rows } = await sql`
    update transport.outbox set dead_at = null, published_at = to_timestamp(0)
    where id = ${id} and queue = ${queue} and dead_at is not null returning id`.execute(store.transport);
  return rows.length > 0;
}

/** How many messages wait for their consumer, and the age of the oldest in seconds. */
export async function outboxBacklog(
  store: Store<never>,
): Promise<{ waiting: number; dead: number; oldestSeconds: number }> {
  const { rows } = await sql<{ waiting: string; dead: string; oldest: number | null }>`
    select count(*) filter (where dead_at is null) as waiting, count(*) filter (where dead_at is not null) as dead,
      extract(epoch from now() - min(created_at) filter (where dead_at is null))::float as oldest
    from transport.outbox where acked_at is null`.execute(store.transport);
  const row = rows[0];
  return { waiting: Number(row?.waiting ?? 0), dead: Number(row?.dead ?? 0), oldestSeconds: row?.oldest ?? 0 };
}
