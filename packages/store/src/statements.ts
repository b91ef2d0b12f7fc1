import { type PostgresPool, type PostgresPoolClient, type RawBuilder, sql } from 'kysely';
import type pg from 'pg';
import { digestOf } from './digest.ts';
import type { OutboxMessage, ReceivedMessage } from './store.ts';

/*
 * The transport's own statements. Those that begin or end a transaction travel with their neighbors in one trip, which
 * the simple protocol allows and which takes no parameters: so values are quoted here.
 */

export const begin: RawBuilder<never> = sql.raw('begin');
export const rollback: RawBuilder<never> = sql.raw('rollback');

/** Begins a transaction, and in it takes a message off the inbox and acknowledges it. No row: no such message. */
export function beginTaking(consumer: string, message: ReceivedMessage): RawBuilder<{ fresh: boolean }> {
  const itself = `id = ${quoted(message.id)} and queue = ${quoted(message.queue)} and digest = ${quoted(message.digest)}`;
  return sql.raw(`begin;
    with taken as (
      insert into transport.inbox (consumer, id)
      select ${quoted(consumer)}, id from transport.outbox where ${itself} on conflict do nothing returning id
    ), acked as (
      update transport.outbox set acked_at = coalesce(acked_at, now()) where ${itself} returning id
    )
    select exists (select from taken) as fresh from acked`);
}

/** Commits, after writing what the transaction promised to the outbox. */
export function commitWith(producer: string, promised: readonly OutboxMessage[]): RawBuilder<unknown> {
  if (promised.length === 0) return sql.raw('commit');
  const rows = promised.map(({ queue, envelope }) => ({
    id: envelope.id,
    queue,
    payload: JSON.stringify(envelope),
    digest: digestOf(envelope),
  }));
  return sql.raw(`
    insert into transport.outbox (id, queue, producer, payload, digest, published_at)
    select id, queue, ${quoted(producer)}, payload, digest, now()
    from json_to_recordset(${quoted(JSON.stringify(rows))}::json)
      as message(id text, queue text, payload text, digest text);
    commit`);
}

/** A string literal in which a backslash escapes, whatever the server's setting is. */
const quoted = (text: string): string => `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** A pool whose clients answer several statements with the result of the last one, where the driver gives them all. */
export function answeringLast(pool: pg.Pool): PostgresPool {
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect();
      const query = async (text: string, values: unknown[]): Promise<unknown> => {
        const result: unknown = await client.query(text, values);
        return Array.isArray(result) ? result.at(-1) : result;
      };
      // Kysely also hands over cursors, to stream; nothing here streams.
      return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
    },
    end: () => pool.end(),
  };
}
