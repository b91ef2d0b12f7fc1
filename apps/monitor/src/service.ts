import { createAlertmanager, createPrometheus } from '@charter/prometheus';
import { type Environment, everyInterval, type RunningService, startService } from '@charter/service';
import { cycleQueue, monitorAdaptationQueue, signalQueue } from '@charter/shared/contracts';
import { keepPack, openStage } from '@charter/stage';
import { alertmanagerAlerts } from './adapters/alertmanager-alerts.ts';
import { holdRecords } from './adapters/hold-records.ts';
import { observationLog } from './adapters/observation-log.ts';
import { prometheusQueries } from './adapters/prometheus-queries.ts';
import { violationLog } from './adapters/violation-log.ts';
import { buildApp } from './app.ts';
import { MonitorConfig, settingsFrom } from './config.ts';
import { holding } from './domain/hold-rules.ts';
import { createStormWindow } from './domain/storm-window.ts';
import type { ActiveSilence } from './domain/suppression.ts';
import { storedWatchFrom, watching } from './domain/watch.ts';
import { createMetrics } from './metrics.ts';
import { migrations } from './migrations.ts';
import type { MonitorTables } from './tables.ts';
import { createAlertIntake } from './workers/alert-intake.ts';
import { drainIntake } from './workers/drain-intake.ts';
import { forgetOld } from './workers/forget-old.ts';
import { onAdaptation } from './workers/on-adaptation.ts';
import { onCycle } from './workers/on-cycle.ts';
import { onSignal } from './workers/on-signal.ts';
import { sweepDue } from './workers/sweep.ts';

const everyMs = { sweep: 1_000, drain: 1_000, forget: 600_000, holds: 10_000 };
/** Answers of 10,000 series and more. */
const answerBytes = 64 * 1024 * 1024;

export async function startMonitor(environment: Environment): Promise<RunningService> {
  const stage = await openStage<MonitorTables, MonitorConfig>({
    app: 'monitor',
    config: MonitorConfig,
    environment,
    migrations,
  });
  const { config, log, registry, store, transport, onError } = stage;
  const metrics = createMetrics(registry);

  const limits = {
    timeoutMs: config.MONITOR_QUERY_TIMEOUT * 1_000,
    maxConcurrent: config.MONITOR_QUERY_CONCURRENCY,
    maxAnswerBytes: answerBytes,
  };
  const prometheus = createPrometheus({ ...limits, url: config.PROMETHEUS_URL });
  const upstreams = new Map(
    [...(config.MONITOR_UPSTREAMS ?? [])].map(([name, url]) => [name, createPrometheus({ ...limits, url })]),
  );
  const alertmanagers = [config.ALERTMANAGER_URL, ...(config.MONITOR_ALERTMANAGERS ?? [])].map((url) =>
    createAlertmanager({ ...limits, url }),
  );
  const queries = prometheusQueries(prometheus, upstreams);
  const alerts = alertmanagerAlerts(alertmanagers);

  const pack = await keepPack(stage, storedWatchFrom);
  const holds = await holdRecords(store);
  const watch = holding(watching(pack), holds.seconds);

  let silences: readonly ActiveSilence[] = [];
  const derive = {
    store,
    environment: config.CHARTER_ENVIRONMENT,
    settings: settingsFrom(config),
    clock: Date.now,
    watch,
    silences: () => silences,
    stormWindow: createStormWindow(config.MONITOR_STORM_ANNOUNCEMENTS, config.MONITOR_STORM_WINDOW),
    metrics,
    tracing: stage.tracing,
  };

  const intake = createAlertIntake({
    store,
    metrics,
    limit: config.MONITOR_INTAKE_LIMIT,
    onStored: () => drain.wake(),
  });
  const drainRound = drainIntake({
    ...derive,
    alerts,
    onDrained: (calls) => intake.drained(calls),
    isBusy: () => intake.isBusy(),
    onError,
  });
  const drain = everyInterval(
    everyMs.drain,
    async () => {
      if (await drainRound()) drain.wake();
    },
    onError,
  );
  const sweepViolations = sweepDue(derive);
  const sweep = everyInterval(
    everyMs.sweep,
    async () => {
      await sweepViolations();
      await intake.recount();
    },
    onError,
  );
  const holdsAgain = everyInterval(everyMs.holds, holds.refresh, onError);
  const forget = everyInterval(
    everyMs.forget,
    forgetOld({ store, clock: Date.now, retentionSeconds: config.MONITOR_RETENTION }),
    onError,
  );
  transport.consume(
    cycleQueue,
    onCycle({
      ...derive,
      queries,
      alerts,
      limits: { concurrency: config.MONITOR_QUERY_CONCURRENCY, roundSeconds: config.MONITOR_ROUND_TIMEOUT },
      alertExpirySeconds: config.MONITOR_ALERT_EXPIRY,
      overdueSeconds: config.MONITOR_CYCLE_OVERDUE,
      keepSilences: (latest) => {
        silences = latest;
      },
    }),
    { concurrency: 1 },
  );
  transport.consume(signalQueue, onSignal(derive));
  transport.consume(monitorAdaptationQueue, onAdaptation({ store, onKept: holds.refresh }));

  const http = await buildApp({
    config,
    log,
    registry,
    violations: violationLog(store),
    observations: observationLog(store),
    watch: derive.watch,
    intake,
    webhookBytes: config.MONITOR_WEBHOOK_BYTES,
    readiness: stage.readiness,
  });
  const clients = [prometheus, ...upstreams.values(), ...alertmanagers];
  return startService({
    app: 'monitor',
    config,
    log,
    http,
    closeables: [store, ...clients, pack, transport, drain, sweep, forget, holdsAgain],
  });
}
