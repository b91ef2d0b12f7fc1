import { buildHttp, type HttpApp, type Log, type Registry, type ServiceConfig } from '@charter/service';
import type { AnalysisLog } from './adapters/analysis-log.ts';
import { analysisRoutes } from './routes/analyses.ts';
import { detectionRoutes } from './routes/detection.ts';

/** Series of a whole system in one request: 1,000 series of 1,000 points in JSON. */
const bodyLimitBytes = 48 * 1024 * 1024;

export interface AppDeps {
  readonly config: ServiceConfig;
  readonly log: Log;
  readonly registry: Registry;
  readonly analysisLog: AnalysisLog;
  readonly readiness: Readonly<Record<string, () => Promise<void>>>;
}

export function buildApp({ config, log, registry, analysisLog, readiness }: AppDeps): Promise<HttpApp> {
  return buildHttp({
    app: 'analyze',
    config,
    log,
    registry,
    readiness,
    bodyLimitBytes,
    async routes(app) {
      await app.register(analysisRoutes, { prefix: '/api/v1', analysisLog });
      await app.register(detectionRoutes, { prefix: '/api/v1' });
    },
  });
}
