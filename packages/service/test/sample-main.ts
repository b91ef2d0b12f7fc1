import { once } from 'node:events';
import {
  buildHttp,
  configFrom,
  createLog,
  createRegistry,
  type Environment,
  type RunningService,
  role,
  runService,
  ServiceConfig,
  startService,
} from '../src/index.ts';

/** A service whose `/slow` answers only once it is told to drain. */
async function startSample(environment: Environment): Promise<RunningService> {
  const config = configFrom(ServiceConfig, environment);
  const log = createLog('plan', config);
  const store = { close: () => log.info('store closed') };
  const http = await buildHttp({
    app: 'plan',
    config,
    log,
    registry: createRegistry('plan'),
    routes: (app) => {
      app.get('/slow', { config: role('viewer') }, async () => {
        log.info('slow began');
        await once(process, 'SIGTERM');
        await new Promise(setImmediate);
        log.info('slow ended');
        return { done: true };
      });
    },
  });
  return startService({ app: 'plan', config, log, http, closeables: [store] });
}

await runService('plan', startSample, process.env);
