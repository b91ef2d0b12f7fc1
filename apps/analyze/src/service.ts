import { createPrometheus } from '@charter/prometheus';
import { type Environment, everyInterval, type RunningService, startService } from '@charter/service';
import type { ParsedPack } from '@charter/shared/charter-client';
import { analyzeAdaptationQueue, violationQueue } from '@charter/shared/contracts';
import { keepPack, openStage } from '@charter/stage';
import { analysisLog as analysisLogOn } from './adapters/analysis-log.ts';
import { prometheusHistory } from './adapters/prometheus-history.ts';
import { refitRecords } from './adapters/refit-records.ts';
import { buildApp } from './app.ts';
import { AnalyzeConfig } from './config.ts';
import { createMetrics } from './metrics.ts';
import { type AnalyzeTables, migrations } from './migrations.ts';
import type { AnalyzedPack } from './ports.ts';
import { analyzeWaiting } from './workers/analyze-waiting.ts';
import { onAdaptation } from './workers/on-adaptation.ts';
import { onViolation } from './workers/on-violation.ts';

const noPack: AnalyzedPack = { rules: [], signals: [], targets: [] };
const analyzedPack = ({ rules, signals, targets }: ParsedPack): AnalyzedPack => ({ rules, signals, targets });

const lookMs = 500;
const forgetMs = 3_600_000;

export async function startAnalyze(environment: Environment): Promise<RunningService> {
  const stage = await openStage<AnalyzeTables, AnalyzeConfig>({
    app: 'analyze',
    config: AnalyzeConfig,
    environment,
    migrations,
  });
  const { config, log, registry, store, transport, onError } = stage;
  const metrics = createMetrics(registry);
  const pack = await keepPack(stage, analyzedPack);
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
  const refits = refitRecords(store, config.ANALYZE_REFIT_BOUND);
  const looking = everyInterval(
    lookMs,
    async () => {
      metrics.beat();
      await analyzeWaiting({
        store,
        log: analysisLog,
        history,
        pack: () => pack.current() ?? noPack,
        metrics,
        refit: refits.current,
        mostTargets: config.ANALYZE_TARGETS,
      });
    },
    onError,
  );
  const forgetting = everyInterval(forgetMs, () => analysisLog.forgetBefore(config.ANALYZE_RETENTION_DAYS), onError);
  transport.consume(violationQueue, onViolation({ store, wake: looking.wake }));
  transport.consume(analyzeAdaptationQueue, onAdaptation(store));

  const readiness = { ...stage.readiness, prometheus: () => prometheus.ready() };
  const http = await buildApp({ config, log, registry, analysisLog, readiness });
  return startService({
    app: 'analyze',
    config,
    log,
    http,
    closeables: [store, prometheus, pack, looking, forgetting, transport],
  });
}
