import { createPrometheus } from '@charter/prometheus';
import { type Environment, everyInterval, type RunningService, startService } from '@charter/service';
import { planQueue } from '@charter/shared/contracts';
import { openStage } from '@charter/stage';
import { newId } from '@charter/store';
import { charterDecisions } from './adapters/charter-decisions.ts';
import { createEffectors } from './adapters/effectors/effectors.ts';
import { monitorViolations } from './adapters/monitor-violations.ts';
import { monotonicClock } from './adapters/monotonic-clock.ts';
import { orchestratorPermits } from './adapters/orchestrator-permits.ts';
import { packTargets } from './adapters/pack-targets.ts';
import { pauseFile } from './adapters/pause-file.ts';
import { planSource } from './adapters/plan-source.ts';
import { prometheusSignals } from './adapters/prometheus-signals.ts';
import { secretsFrom } from './adapters/secrets.ts';
import type { ExecuteTables } from './adapters/tables.ts';
import { targetView } from './adapters/target-view.ts';
import { tracedEffectors } from './adapters/traced-effectors.ts';
import { buildApp } from './app.ts';
import { ExecuteConfig as Config, type ExecuteConfig, settingsFrom } from './config.ts';
import { createExecuteMetrics } from './metrics.ts';
import { executeMigrations } from './migrations.ts';
import type { Checkpoint } from './ports.ts';
import type { ExecuteDeps } from './workers/deps.ts';
import { measureBudgets } from './workers/measure-budgets.ts';
import { onPlan } from './workers/on-plan.ts';
import { rehearse } from './workers/rehearse.ts';
import { startRunner } from './workers/runner.ts';

const measureMs = 5_000;

/** Carries out plans. `checkpoint` is called between any two durable facts of a step. */
export async function startExecute(
  environment: Environment,
  checkpoint: Checkpoint = async () => undefined,
): Promise<RunningService> {
  const stage = await openStage<ExecuteTables, ExecuteConfig>({
    app: 'execute',
    config: Config,
    environment,
    migrations: executeMigrations,
  });
  const { config, log, registry, store, transport, charter } = stage;
  const settings = settingsFrom(config);
  const metrics = createExecuteMetrics(registry);
  const apiKey = config.CHARTER_API_KEY;
  const prometheus = createPrometheus({ url: config.PROMETHEUS_URL, timeoutMs: 2_000 });
  const violations = monitorViolations({ name: 'monitor', url: config.MONITOR_URL, apiKey });
  const targets = await packTargets(stage);
  const made = createEffectors({ apiKey, secretOf: secretsFrom(environment), now: () => Date.now() / 1_000 });
  const effectors = tracedEffectors(made, stage.tracing);

  const deps: ExecuteDeps = {
    store,
    settings,
    environment: config.CHARTER_ENVIRONMENT,
    permits: orchestratorPermits({ name: 'orchestrator', url: config.ORCHESTRATOR_URL, apiKey }),
    localPause: pauseFile(config.CHARTER_STATE_DIR),
    decisions: charterDecisions(charter),
    signals: prometheusSignals(prometheus, violations),
    violations,
    targets,
    effectors,
    clock: monotonicClock,
    metrics,
    checkpoint,
    ownUrls: ownUrlsOf(config),
    onError: (error, executionId) =>
      log.error({ err: error, executionId }, 'an execution met trouble and is taken up again'),
  };
  const measuring = everyInterval(measureMs, measureBudgets(deps), stage.onError);
  const runner = startRunner(deps, `${environment.HOSTNAME ?? 'execute'}-${newId()}`);
  transport.consume(planQueue, onPlan({ store, wake: runner.wake }));

  const http = await buildApp({
    config,
    log,
    registry,
    store,
    settings,
    targets,
    targetStates: targetView({ store, targets, effectors, clock: monotonicClock, settings }),
    plans: planSource({ name: 'plan service', url: config.PLAN_URL, apiKey }),
    rehearse: (plan) => rehearse(deps, plan),
    wake: runner.wake,
    readiness: { ...stage.readiness, pack: () => targets.ready() },
  });
  return startService({
    app: 'execute',
    config,
    log,
    http,
    closeables: [store, targets, prometheus, transport, measuring, runner],
  });
}

/** Where Charter itself and what it runs on answer. */
const ownUrlsOf = (config: ExecuteConfig): string[] => [
  config.DATABASE_URL,
  config.REDIS_URL,
  config.PROMETHEUS_URL,
  config.ALERTMANAGER_URL,
  config.CHARTER_URL,
  config.MONITOR_URL,
  config.ANALYZE_URL,
  config.PLAN_URL,
  config.EXECUTE_URL,
  config.KNOWLEDGE_URL,
  config.ORCHESTRATOR_URL,
];
