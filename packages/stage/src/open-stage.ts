import { openTransport, type QueueTelemetry, type Transport } from '@charter/queue';
import {
  type AppName,
  configFrom,
  createLog,
  createRegistry,
  type Environment,
  inSpan,
  type Log,
  type LoopConfig,
  type Registry,
  type Tracing,
  tracingOf,
} from '@charter/service';
import { type CharterClient, createCharterClient } from '@charter/shared/charter-client';
import { openStore, type Store } from '@charter/store';
import type { z } from 'zod';

/** A stage works in the background: it rather waits for a busy charter than take its silence for a denial. */
const charterMs = 2_000;

export interface StageOptions<Config extends LoopConfig> {
  /** The service's name: its schema in Postgres, its consumer name, the prefix of its metrics. */
  readonly app: AppName;
  readonly config: z.ZodType<Config>;
  readonly environment: Environment;
  readonly migrations: Readonly<Record<string, string>>;
}

/** What every stage of the loop stands on: its configuration, its record, its queues, and the charter to ask. */
export interface Stage<Tables, Config extends LoopConfig> {
  readonly config: Config;
  readonly log: Log;
  readonly registry: Registry;
  readonly store: Store<Tables>;
  readonly transport: Transport;
  readonly charter: CharterClient;
  /** Null while it is off. */
  readonly tracing: Tracing | null;
  /** For work on a timer: logged, and the next round comes. */
  readonly onError: (error: unknown) => void;
  /** Checks of `/ready`. */
  readonly readiness: { readonly postgres: () => Promise<void>; readonly redis: () => Promise<void> };
}

/**
 * Opens what every stage needs, its schema brought up to date. Close `store` and `transport` when done, in this order of opening.
 * @throws CharterError `config-invalid` naming every wrong variable, `upstream-unavailable` without Postgres
 */
export async function openStage<Tables, Config extends LoopConfig>(
  options: StageOptions<Config>,
): Promise<Stage<Tables, Config>> {
  const { app, migrations } = options;
  const config = configFrom(options.config, options.environment);
  const log = createLog(app, config);
  const registry = createRegistry(app);
  const store = await openStore<Tables>({ url: config.DATABASE_URL, schema: app, migrations });
  const tracing = await tracingOf(app, config);
  const transport = openTransport({
    app,
    store,
    registry,
    redisUrl: config.REDIS_URL,
    prefix: config.CHARTER_QUEUE_PREFIX,
    allowVolatile: config.CHARTER_ALLOW_VOLATILE_REDIS,
    onError: (error, context) => log.error({ err: error, ...context }, 'queue trouble'),
    ...(tracing === null ? {} : { telemetry: spanOfMessage(tracing) }),
  });
  const apiKey = config.CHARTER_API_KEY;
  return {
    config,
    log,
    registry,
    store,
    transport,
    tracing,
    charter: createCharterClient({
      url: config.CHARTER_URL,
      timeoutMs: charterMs,
      ...(apiKey === undefined ? {} : { apiKey }),
    }),
    onError: (error) => log.error({ err: error }, 'a round failed, the next one comes'),
    readiness: { postgres: () => store.ping(), redis: () => transport.ping() },
  };
}

/** Each stage's handling of a message is a span of the incident's trace, however long the message waited. */
const spanOfMessage =
  (tracing: Tracing): QueueTelemetry =>
  ({ queue, id, incidentId, traceparent, emittedAt }, handle) => {
    const attributes = {
      'messaging.system': 'bullmq',
      'messaging.destination.name': queue,
      'messaging.message.id': id,
      'charter.incident': incidentId ?? '',
      'charter.waited_ms': Date.now() - Date.parse(emittedAt),
    };
    return inSpan(tracing, `${queue} process`, { kind: 'consumer', parent: traceparent, attributes }, handle);
  };
