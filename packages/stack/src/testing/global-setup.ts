import type { TestProject } from 'vitest/node';
import { sweepAbandonedFolders } from './abandoned-folders.ts';
import { startTestPostgres, startTestRedis } from './test-servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A real Redis for this whole run; `CHARTER_TEST_REDIS_URL` when set. */
    redisUrl: string;
    /** A real Postgres for this whole run, as superuser; `CHARTER_TEST_POSTGRES_URL` when set. */
    postgresUrl: string;
  }
}

/** Starts Redis and Postgres once for the whole run of vitest and provides their URLs; answers how to stop them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const givenRedis = process.env.CHARTER_TEST_REDIS_URL;
  const givenPostgres = process.env.CHARTER_TEST_POSTGRES_URL;
  await sweepAbandonedFolders();
  await using started = new AsyncDisposableStack();
  const redis = givenRedis ?? started.use(await startTestRedis()).url;
  const postgres = givenPostgres ?? started.use(await startTestPostgres()).url;
  project.provide('redisUrl', redis);
  project.provide('postgresUrl', postgres);
  const running = started.move();
  return () => running.disposeAsync();
}
