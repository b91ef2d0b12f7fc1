import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import { type AutonomyDeps, autonomyRoutes } from './routes/autonomy.ts';
import { type ImportDeps, importRoutes } from './routes/import.ts';
import { type KnowledgeDeps, knowledgeRoutes } from './routes/knowledge.ts';
import { type OutcomeDeps, outcomeRoutes } from './routes/outcomes.ts';
import { type SimilarDeps, similarRoutes } from './routes/similar.ts';

export interface AppDeps extends OutcomeDeps, KnowledgeDeps, AutonomyDeps, ImportDeps, SimilarDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
}

export function buildApp(deps: AppDeps): Promise<HttpApp> {
  const { config, log, registry, readiness } = deps;
  return buildHttp({
    app: 'knowledge',
    config,
    log,
    registry,
    readiness,
    async routes(app) {
      await app.register(outcomeRoutes, { prefix: '/api/v1', ...deps });
      await app.register(importRoutes, { prefix: '/api/v1', ...deps });
      await app.register(knowledgeRoutes, { prefix: '/api/v1', ...deps });
      await app.register(similarRoutes, { prefix: '/api/v1', ...deps });
      await app.register(autonomyRoutes, { prefix: '/api/v1', ...deps });
    },
  });
}
