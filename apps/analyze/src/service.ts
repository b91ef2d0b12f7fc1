import { createPrometheus } from '@charter/prometheus';
import { openTransport } from '@charter/queue';
import {
  configFrom,
  createLog,
  createRegistry,
  type Environment,
  everyInterval,
  type RunningService,
  startService,
} from '@charter/service';
import { createCharterClient, followPack } from '@charter/shared/charter-client';
import { violationQueue } from '@charter/shared/contracts';
import { openStore } from '@charter/store';
import { analysisLog as analysisLogOn } from './adapters/analysis-log.ts';
import { packMemory } from './adapters/pack-memory.ts';
import { prometheusHistory } from './adapters/prometheus-history.ts';
import { buildApp } from './app.ts';
import { AnalyzeConfig } from './config.ts';
import { createMetrics } from './metrics.ts';
import { type AnalyzeTables, migrations } from './migrations.ts';
import type { AnalyzedPack } from './ports.ts';
import { analyzeWaiting } from './workers/analyze-waiting.ts';
import { onViolation } from './workers/on-violation.ts';

const lookMs = 500;
const forgetMs = 3_600_000;

export async function startAnalyze(environment: Environment): Promise<RunningService> {
  const config = configFrom(AnalyzeConfig, environment);
  const log = createLog('analyze', config);
  const registry = createRegistry('analyze');
  const metrics = createMetrics(registry);
  const store = await openStore<AnalyzeTables>({ url: config.DATABASE_URL, schema: 'analyze', migrations });
  const transport = openTransport({
    app: 'analyze',
    store,
    redisUrl: config.REDIS_URL,
    registry,
    prefix: config.CHARTER_QUEUE_PREFIX,
    allowVolatile: config.CHARTER_ALLOW_VOLATILE_REDIS,
    onError: (error, context) => log.error({ err: error, ...context }, 'queue trouble'),
  });
  const onError = (error: unknown): void => log.error({ err: error }, 'a round failed, the next one comes');

  const client = createCharterClient({ url: config.CHARTER_URL, ...apiKeyOf(config) });
  const memory = packMemory(store);
  let active: AnalyzedPack = (await memory.recall()) ?? { rules: [], signals: [], targets: [] };
  const pack = followPack({
    client,
    log,
    async onPack(next) {
      await memory.keep(next);
      active = next;
    },
  });
  const prometheus = createPrometheus({ url: config.PROMETHEUS_URL });
  const history = prometheusHistory(
    prometheus,
    {
      windowSeconds: config.ANALYZE_WINDOW,
      finestStepSeconds: config.ANALYZE_STEP,
      points: config.ANALYZE_POINTS,
    },
    metrics,
  );
  const analysisLog = analysisLogOn(store);
  const looking = everyInterval(
    lookMs,
    async () => {
      metrics.beat();
      await analyzeWaiting({
        store,
        log: analysisLog,
        history,
        pack: () => active,
        metrics,
        mostTargets: config.ANALYZE_TARGETS,
      });
    },
    onError,
  );
  const forgetting = everyInterval(forgetMs, () => analysisLog.forgetBefore(config.ANALYZE_RETENTION_DAYS), onError);
  transport.consume(violationQueue, onViolation({ store, wake: looking.wake }));

  const readiness = {
    postgres: () => store.ping(),
    redis: () => transport.ping(),
    prometheus: () => prometheus.ready(),
  };
  const http = await buildApp({ config, log, registry, analysisLog, readiness });
  return startService({
    app: 'analyze',
    config,
    log,
    http,
    closeables: [store, prometheus, pack, looking, forgetting, transport],
  });
}

const apiKeyOf = ({ CHARTER_API_KEY: apiKey }: AnalyzeConfig) => (apiKey === undefined ? {} : { apiKey });
