import { type Environment, everyInterval, type RunningService, startService } from '@charter/service';
import { timelineQueue } from '@charter/shared/contracts';
import { openStage } from '@charter/stage';
import { cycleLog } from './adapters/cycle-log.ts';
import { escalationWebhook } from './adapters/escalation-webhook.ts';
import { eventFeed } from './adapters/event-feed.ts';
import { incidentLog } from './adapters/incident-log.ts';
import { pauses as pauseStore } from './adapters/pauses.ts';
import { settings as settingsStore } from './adapters/settings.ts';
import { buildApp } from './app.ts';
import { OrchestratorConfig } from './config.ts';
import { createMetrics } from './metrics.ts';
import { migrations, type OrchestratorTables } from './migrations.ts';
import { escalateOverdue } from './workers/escalate.ts';
import { onTimeline } from './workers/on-timeline.ts';

/** How often the scheduler looks whether a new slot has begun. */
const schedulerMs = 250;
const housekeepingMs = 2_000;

export async function startOrchestrator(environment: Environment): Promise<RunningService> {
  const stage = await openStage<OrchestratorTables, OrchestratorConfig>({
    app: 'orchestrator',
    config: OrchestratorConfig,
    environment,
    migrations,
  });
  const { config, log, registry, store, transport, onError, readiness } = stage;
  const metrics = createMetrics(registry);

  const settings = settingsStore(store, {
    cycleIntervalSeconds: config.CHARTER_CYCLE_INTERVAL,
    incidentDeadlineSeconds: config.ORCHESTRATOR_INCIDENT_DEADLINE,
  });
  const incidents = incidentLog(store);
  const cycles = cycleLog(store);
  const pauses = pauseStore(store);
  const feed = eventFeed(incidents, onError);
  const notify = escalationWebhook(config.ORCHESTRATOR_ESCALATION_WEBHOOK, log);

  transport.consume(timelineQueue, onTimeline({ store, settings, metrics }));
  const scheduler = everyInterval(
    schedulerMs,
    async () => {
      const { cycleIntervalSeconds } = await settings.current();
      if (await cycles.openScheduled(cycleIntervalSeconds)) metrics.cycleOpened('schedule');
      metrics.beat();
    },
    onError,
  );
  const housekeeping = everyInterval(
    housekeepingMs,
    async () => {
      metrics.escalated(await escalateOverdue({ store, incidents, notify }));
      metrics.incidents(await incidents.countByState());
      metrics.paused((await pauses.standing()).pauses.length);
    },
    onError,
  );

  const http = await buildApp({ config, log, registry, metrics, incidents, cycles, pauses, settings, feed, readiness });
  return startService({
    app: 'orchestrator',
    config,
    log,
    http,
    closeables: [store, transport, scheduler, housekeeping, feed],
  });
}
