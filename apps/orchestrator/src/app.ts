import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import type { EventFeed } from './adapters/event-feed.ts';
import { type ControlDeps, controlRoutes } from './routes/control.ts';
import { eventRoutes } from './routes/events.ts';
import { type IncidentDeps, incidentRoutes } from './routes/incidents.ts';

export interface AppDeps extends ControlDeps, IncidentDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly feed: EventFeed;
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
}

export function buildApp(deps: AppDeps): Promise<HttpApp> {
  const { config, log, registry, readiness } = deps;
  return buildHttp({
    app: 'orchestrator',
    config,
    log,
    registry,
    readiness,
    async routes(app) {
      await app.register(controlRoutes, { prefix: '/api/v1', ...deps });
      await app.register(incidentRoutes, { prefix: '/api/v1', ...deps });
      await app.register(eventRoutes, { prefix: '/api/v1', ...deps });
    },
  });
}
