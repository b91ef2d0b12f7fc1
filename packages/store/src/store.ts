import {
  CharterError,
  type Envelope,
  type Message,
  type QueueDefinition,
  violatedContract,
} from '@charter/shared/contracts';
import { Kysely, PostgresDialect, type RawBuilder, sql } from 'kysely';
import pg from 'pg';
import { newId } from './ids.ts';
import { type Migrations, migrate } from './migrate.ts';
import { answeringLast, begin, beginTaking, commitWith, rollback } from './statements.ts';
import { type TransportTables, transportMigrations } from './transport-schema.ts';
import { unavailableFrom } from './unavailable.ts';

export interface StoreOptions {
  /** postgres:// URL of any Postgres 15 or newer. */
  readonly url: string;
  /** The one schema this service owns. */
  readonly schema: string;
  readonly migrations: Migrations;
  /** Connections at most; an embedded server spends about 30 MB on each. */
  readonly poolSize?: number;
}

/** A message as a consumer got it; `digest` is over exactly what travelled. */
export interface ReceivedMessage<Data = unknown> extends Message<Data> {
  readonly queue: string;
  readonly digest: string;
}

/** What a message carries besides its data. Within `consume` all default to those of the consumed message. */
export interface EnqueueOptions {
  readonly incidentId?: string | null;
  readonly cycleId?: string;
  readonly traceparent?: string | null;
}

export interface Tx<Tables> {
  /** Queries within this transaction, on the service's own schema. */
  readonly db: Kysely<Tables>;
  /** Promises a message: it is published once this transaction has committed, again until its consumer has committed. */
  enqueue<Data>(queue: QueueDefinition<Data>, data: Data, options?: EnqueueOptions): Promise<string>;
  /** The same for many messages of one queue, in one statement: thousands cost little more than one. */
  enqueueAll<Data>(
    queue: QueueDefinition<Data>,
    items: ReadonlyArray<{ readonly data: Data; readonly options?: EnqueueOptions }>,
  ): Promise<void>;
}

/** A message of the outbox, ready to publish. */
export interface OutboxMessage {
  readonly queue: string;
  readonly envelope: Envelope;
}

export interface Store<Tables> {
  /** Queries outside any transaction, on the service's own schema. */
  readonly db: Kysely<Tables>;
  readonly schema: string;
  readonly transport: Kysely<TransportTables>;
  transaction<T>(work: (tx: Tx<Tables>) => Promise<T>): Promise<T>;
  /**
   * Does a message's work once: takes it off the inbox and acknowledges it in the transaction of the work itself.
   * @returns false when the message was done before
   * @throws CharterError `message-forged` when no outbox row stands behind it or its content differs
   */
  consume(message: ReceivedMessage, work: (tx: Tx<Tables>) => Promise<void>): Promise<boolean>;
  /** Called after each commit with what it promised, until the returned function is called. */
  onCommitted(listener: (messages: readonly OutboxMessage[]) => void): () => void;
  /** Answers, or throws `upstream-unavailable`. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects a service to its schema, after bringing it and the transport schema up to date.
 * @throws CharterError `upstream-unavailable`
 */
export async function openStore<Tables>(options: StoreOptions): Promise<Store<Tables>> {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize ?? 8,
    application_name: `charter-${options.schema}`,
    connectionTimeoutMillis: 5_000,
  });
  pool.on('error', () => undefined); // an idle connection broke; the next query opens a new one or reports the outage
  // One in use broke: its query rejects as well, and between two queries of a transaction nobody else would listen.
  pool.on('connect', (client) => client.on('error', () => undefined));
  const root = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: answeringLast(pool) }) });
  try {
    await migrate({ url: options.url, db: root }, 'transport', transportMigrations);
    await migrate({ url: options.url, db: root }, options.schema, options.migrations);
  } catch (error) {
    await root.destroy();
    throw unavailableFrom(error);
  }
  return storeOn<Tables>(root, options.schema);
}

function storeOn<Tables>(root: Kysely<unknown>, schema: string): Store<Tables> {
  const own = root.withSchema(schema) as Kysely<Tables>;
  const transport = root as Kysely<TransportTables>;
  const listeners = new Set<(messages: readonly OutboxMessage[]) => void>();

  async function transaction<T>(work: (tx: Tx<Tables>) => Promise<T>): Promise<T> {
    return committing(begin, (db, _, promised) =>
      work(txOn<Tables>(db.withSchema(schema) as Kysely<Tables>, promised)),
    );
  }

  async function consume(message: ReceivedMessage, work: (tx: Tx<Tables>) => Promise<void>): Promise<boolean> {
    return committing(beginTaking(schema, message), async (db, [taken], promised) => {
      if (!taken) throw new CharterError('message-forged', `No outbox row of ${message.queue} matches ${message.id}`);
      if (taken.fresh) await work(txOn<Tables>(db.withSchema(schema) as Kysely<Tables>, promised, message));
      return taken.fresh;
    });
  }

  /** One transaction in as few trips to the server as it takes: its first statement begins it, its last commits it. */
  async function committing<Row, T>(
    opening: RawBuilder<Row>,
    work: (db: Kysely<unknown>, opened: Row[], promised: OutboxMessage[]) => Promise<T>,
  ): Promise<T> {
    const promised: OutboxMessage[] = [];
    const result = await root
      .connection()
      .execute(async (db) => {
        try {
          const { rows } = await opening.execute(db);
          const answer = await work(db, rows, promised);
          await commitWith(schema, promised).execute(db);
          return answer;
        } catch (error) {
          await rollback.execute(db).catch(() => undefined); // a broken connection has rolled back by itself
          throw error;
        }
      })
      .catch((error: unknown) => {
        throw unavailableFrom(error);
      });
    if (promised.length > 0) for (const listener of listeners) listener(promised);
    return result;
  }

  return {
    db: own,
    schema,
    transport,
    transaction,
    consume,
    onCommitted(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async ping() {
      await sql`select 1`.execute(root).catch((error: unknown) => {
        throw unavailableFrom(error);
      });
    },
    close: () => root.destroy(),
  };
}

function txOn<Tables>(db: Kysely<Tables>, promised: OutboxMessage[], cause?: Message): Tx<Tables> {
  return {
    db,
    async enqueue(queue, data, options = {}) {
      const envelope = envelopeFor(queue, data, options, cause);
      promised.push({ queue: queue.name, envelope });
      return envelope.id;
    },
    async enqueueAll(queue, items) {
      for (const { data, options = {} } of items) {
        promised.push({ queue: queue.name, envelope: envelopeFor(queue, data, options, cause) });
      }
    },
  };
}

function envelopeFor<Data>(
  queue: QueueDefinition<Data>,
  data: Data,
  options: EnqueueOptions,
  cause: Message | undefined,
): Envelope {
  const checked = queue.data.safeParse(data);
  if (!checked.success) {
    throw new CharterError('message-invalid', `Cannot promise to ${queue.name}: ${violatedContract(checked.error)}`);
  }
  const cycleId = options.cycleId ?? cause?.cycleId;
  const envelope = {
    v: queue.version,
    id: newId(),
    incidentId: options.incidentId === undefined ? (cause?.incidentId ?? null) : options.incidentId,
    ...(cycleId === undefined ? {} : { cycleId }),
    traceparent: options.traceparent === undefined ? (cause?.traceparent ?? null) : options.traceparent,
    emittedAt: new Date().toISOString(),
    data: checked.data,
  };
  return JSON.parse(JSON.stringify(envelope)) as Envelope; // drops `undefined`, so that what is hashed is what travels
}
