import { Redis } from 'ioredis';

/** For producers: a command fails at once while Redis is away; the outbox sends again. */
export function producerConnection(url: string): Redis {
  return quiet(new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 1, retryStrategy }));
}

/** For workers: waits for Redis as long as it takes. */
export function workerConnection(url: string): Redis {
  return quiet(new Redis(url, { maxRetriesPerRequest: null, retryStrategy }));
}

/** Milliseconds until the next attempt to reach Redis; short, so that a restart costs a second and not a minute. */
const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000);

/** ioredis logs to the console without a listener; who uses the connection sees the failure itself. */
function quiet(connection: Redis): Redis {
  connection.on('error', () => undefined);
  return connection;
}
