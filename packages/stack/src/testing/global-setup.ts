import type { TestProject } from 'vitest/node';
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
  const [redis, postgres] = await Promise.all([
    givenRedis === undefined ? startTestRedis() : undefined,
    givenPostgres === undefined ? startTestPostgres() : undefined,
  ]);
  project.provide('redisUrl', givenRedis ?? redis?.url ?? '');
  project.provide('postgresUrl', givenPostgres ?? postgres?.url ?? '');
  return async () => {
    await Promise.all([redis?.stop(), postgres?.stop()]);
  };
}
