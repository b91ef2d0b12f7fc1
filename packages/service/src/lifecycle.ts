import { CharterError } from '@charter/shared/contracts';
import type { AppName, Environment, ServiceConfig } from './config.ts';
import type { HttpApp } from './http.ts';
import { listen } from './listen.ts';
import { createLog, type Log } from './log.ts';
import { tracingOf } from './tracing.ts';

/** Whatever has to be closed: a server, a worker, a pool. */
export interface Closeable {
  close(): unknown;
}

/** A service that runs in this process. */
export interface RunningService {
  readonly app: AppName;
  /** Base URL with the real port, such as `http://127.0.0.1:8004`. */
  readonly url: string;
  close(): Promise<void>;
}

/** How long one thing may take to close: a worker waits forever when its Redis is down. */
const closeDeadlineMs = 10_000;

async function closeOne(log: Log, closeable: Closeable): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warn({ afterMs: closeDeadlineMs, what: closeable.constructor.name }, 'did not close in time');
    deadline.resolve();
  }, closeDeadlineMs);
  try {
    await Promise.race([closeable.close(), deadline.promise]);
  } catch (error) {
    log.error({ err: error }, 'did not close cleanly');
  } finally {
    clearTimeout(timer);
  }
}

/** Closes in reverse of the start order, each within a deadline; a failure is logged and the rest is closed still. */
export async function closeAll(log: Log, startOrder: readonly Closeable[]): Promise<void> {
  for (const closeable of startOrder.toReversed()) await closeOne(log, closeable);
}

/** On SIGTERM or SIGINT closes everything in reverse of the start order and exits with 0. A second signal exits at once. */
export function closeOnSignal(log: Log, ...startOrder: readonly Closeable[]): void {
  let isClosing = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isClosing) process.exit(1);
    isClosing = true;
    log.info({ signal }, 'draining');
    void closeAll(log, startOrder).then(() => {
      log.info('stopped');
      process.exit(0);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** What a service is made of once built. */
export interface ServiceParts {
  readonly app: AppName;
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly http: HttpApp;
  /** Everything else it opened, in start order; closed after HTTP, in reverse. */
  readonly closeables: readonly Closeable[];
}

/** Listens and gives the running service. When it cannot listen, closes all parts and throws. */
export async function startService({ app, config, log, http, closeables }: ServiceParts): Promise<RunningService> {
  const tracing = await tracingOf(app, config);
  const close = (): Promise<void> => closeAll(log, [...(tracing ? [tracing] : []), ...closeables, http]);
  try {
    const url = await listen(http, app, config);
    log.info({ url }, 'listening');
    return { app, url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Runs a service as this process: starts it, and stops it on SIGTERM or SIGINT with exit code 0.
 * A start that fails prints one line for a known reason (a stack for a bug) and exits with 1.
 */
export async function runService(
  app: AppName,
  start: (environment: Environment) => Promise<RunningService>,
  environment: Environment,
): Promise<void> {
  const log = createLog(app, { LOG_LEVEL: 'info' });
  try {
    closeOnSignal(log, await start(environment));
  } catch (error) {
    if (error instanceof CharterError) log.fatal({ code: error.code }, error.message);
    else log.fatal({ err: error }, 'could not start');
    process.exit(1);
  }
}
