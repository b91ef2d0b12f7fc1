import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import type { ViolationLog } from './adapters/violation-log.ts';
import { type ObservationDeps, observationRoutes } from './routes/observations.ts';
import { violationRoutes } from './routes/violations.ts';
import { webhookRoutes } from './routes/webhook.ts';
import type { AlertIntake } from './workers/alert-intake.ts';

export interface AppDeps extends ObservationDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly violations: ViolationLog;
  readonly intake: AlertIntake;
  readonly webhookBytes: number;
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
}

export function buildApp(deps: AppDeps): Promise<HttpApp> {
  const { config, log, registry, readiness, violations, intake, webhookBytes, watch, observations } = deps;
  return buildHttp({
    app: 'monitor',
    config,
    log,
    registry,
    readiness,
    async routes(app) {
      await app.register(webhookRoutes, { intake, bodyLimitBytes: webhookBytes });
      await app.register(violationRoutes, { prefix: '/api/v1', violations });
      await app.register(observationRoutes, { prefix: '/api/v1', watch, observations });
    },
  });
}
