import {
  configFrom,
  createLog,
  createRegistry,
  type Environment,
  type RunningService,
  startService,
} from '@charter/service';
import { ulid } from 'ulid';
import { buildApp } from './app.ts';
import { TestbedConfig } from './config.ts';
import { runLive } from './live-testbed.ts';
import { createTestbed } from './model/index.ts';

/** Simulated seconds before the first answer, so that every window is full and nothing looks broken at start. */
const WARM_UP_SECONDS = 30;

export async function startTestbed(environment: Environment): Promise<RunningService> {
  const config = configFrom(TestbedConfig, environment);
  const log = createLog('testbed', config);
  const registry = createRegistry('testbed');
  const testbed = createTestbed({ seed: config.TESTBED_SEED, dayLengthSeconds: config.TESTBED_DAY_LENGTH_SECONDS });
  testbed.advance(WARM_UP_SECONDS);
  const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
  const live = runLive(testbed, clock, config.TESTBED_TICK_MS);
  const http = await buildApp({ config, log, registry, live, newId: () => ulid() });
  return startService({ app: 'testbed', config, log, http, closeables: [live] });
}
