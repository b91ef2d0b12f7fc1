import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import { createEffectLedger } from './effect-ledger.ts';
import { exposeModel } from './exposition.ts';
import type { LiveTestbed } from './live-testbed.ts';
import { type Actuated, componentRoutes } from './routes/components.ts';
import { faultRoutes } from './routes/faults.ts';
import { stateRoutes } from './routes/state.ts';

export interface AppDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly live: LiveTestbed;
  readonly newId: () => string;
}

export function buildApp({ config, log, registry, live, newId }: AppDeps): Promise<HttpApp> {
  const ledger = createEffectLedger<Actuated>();
  exposeModel(registry, () => live.current().metrics());
  return buildHttp({
    app: 'testbed',
    config,
    log,
    registry,
    async routes(app) {
      await app.register(stateRoutes, { prefix: '/api/v1', live });
      await app.register(faultRoutes, { prefix: '/api/v1', live, newId });
      await app.register(componentRoutes, { prefix: '/api/v1', live, ledger });
    },
  });
}
