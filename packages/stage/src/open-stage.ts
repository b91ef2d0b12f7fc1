import { openTransport, type Transport } from '@charter/queue';
import {
  type AppName,
  configFrom,
  createLog,
  createRegistry,
  type Environment,
  type Log,
  type LoopConfig,
  type Registry,
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
  const transport = openTransport({
    app,
    store,
    registry,
    redisUrl: config.REDIS_URL,
    prefix: config.CHARTER_QUEUE_PREFIX,
    allowVolatile: config.CHARTER_ALLOW_VOLATILE_REDIS,
    onError: (error, context) => log.error({ err: error, ...context }, 'queue trouble'),
  });
  const apiKey = config.CHARTER_API_KEY;
  return {
    config,
    log,
    registry,
    store,
    transport,
    charter: createCharterClient({
      url: config.CHARTER_URL,
      timeoutMs: charterMs,
      ...(apiKey === undefined ? {} : { apiKey }),
    }),
    onError: (error) => log.error({ err: error }, 'a round failed, the next one comes'),
    readiness: { postgres: () => store.ping(), redis: () => transport.ping() },
  };
}
