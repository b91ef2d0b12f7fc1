import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import { type PlanDeps, planRoutes } from './routes/plans.ts';
import { type StrategyDeps, strategyRoutes } from './routes/strategies.ts';

export interface AppDeps extends PlanDeps, StrategyDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
}

export function buildApp(deps: AppDeps): Promise<HttpApp> {
  const { config, log, registry, readiness } = deps;
  return buildHttp({
    app: 'plan',
    config,
    log,
    registry,
    readiness,
    async routes(app) {
      await app.register(planRoutes, { prefix: '/api/v1', ...deps });
      await app.register(strategyRoutes, { prefix: '/api/v1', ...deps });
    },
  });
}
