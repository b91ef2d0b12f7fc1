import {
  buildHttp,
  type HttpApp,
  type Log,
  type ReadinessCheck,
  type Registry,
  type ServiceConfig,
} from '@charter/service';
import { type ExecutionDeps, executionRoutes } from './routes/executions.ts';
import { type TargetDeps, targetRoutes } from './routes/targets.ts';

export interface AppDeps extends ExecutionDeps, TargetDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
}

export function buildApp(deps: AppDeps): Promise<HttpApp> {
  const { config, log, registry, readiness } = deps;
  return buildHttp({
    app: 'execute',
    config,
    log,
    registry,
    readiness,
    async routes(app) {
      await app.register(executionRoutes, { prefix: '/api/v1', ...deps });
      await app.register(targetRoutes, { prefix: '/api/v1', ...deps });
    },
  });
}
