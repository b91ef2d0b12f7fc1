import { createPublisher } from '@charter/queue';
import {
  configFrom,
  createLog,
  createRegistry,
  type Environment,
  type RunningService,
  startService,
} from '@charter/service';
import { buildApp } from './app.ts';
import { ConsoleConfig } from './config.ts';

export async function startConsole(environment: Environment): Promise<RunningService> {
  const config = configFrom(ConsoleConfig, environment);
  const log = createLog('console', config);
  const registry = createRegistry('console');
  const publisher = createPublisher({
    redisUrl: config.REDIS_URL,
    prefix: config.CHARTER_QUEUE_PREFIX,
    allowVolatile: config.CHARTER_ALLOW_VOLATILE_REDIS,
  });
  const http = await buildApp({ config, log, registry, publisher });
  return startService({ app: 'console', config, log, http, closeables: [publisher] });
}
