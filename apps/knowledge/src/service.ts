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
import { outcomeQueue } from '@charter/shared/contracts';
import { openStore } from '@charter/store';
import { analysesRest } from './adapters/analyses-rest.ts';
import { autonomyStates } from './adapters/autonomy-log.ts';
import { charterAutomation } from './adapters/charter-automation.ts';
import { incidentMemory } from './adapters/incident-memory.ts';
import { outcomeLog } from './adapters/outcome-log.ts';
import { outcomeCounts } from './adapters/statistics.ts';
import { tallyBook } from './adapters/tally-book.ts';
import { buildApp } from './app.ts';
import { KnowledgeConfig, learningSettingsFrom } from './config.ts';
import { standingFrom } from './domain/statistics-from.ts';
import { createMetrics } from './metrics.ts';
import { type KnowledgeTables, migrations } from './migrations.ts';
import { onOutcome } from './workers/on-outcome.ts';
import { publishAutonomy } from './workers/publish-autonomy.ts';

const housekeepingMs = 60_000;
const publishMs = 15_000;
/** What the standing in metrics looks back on. */
const standingSeconds = 30 * 86_400;

export async function startKnowledge(environment: Environment): Promise<RunningService> {
  const config = configFrom(KnowledgeConfig, environment);
  const settings = learningSettingsFrom(config);
  const log = createLog('knowledge', config);
  const registry = createRegistry('knowledge');
  const metrics = createMetrics(registry);
  const store = await openStore<KnowledgeTables>({ url: config.DATABASE_URL, schema: 'knowledge', migrations });
  const transport = openTransport({
    app: 'knowledge',
    store,
    redisUrl: config.REDIS_URL,
    registry,
    prefix: config.CHARTER_QUEUE_PREFIX,
    allowVolatile: config.CHARTER_ALLOW_VOLATILE_REDIS,
    onError: (error, context) => log.error({ err: error, ...context }, 'queue trouble'),
  });
  const onError = (error: unknown): void => log.error({ err: error }, 'a round failed, the next one comes');

  const outcomes = outcomeLog(store);
  const tallies = tallyBook(store);
  const counter = outcomeCounts(store);
  const charter = charterAutomation(config.CHARTER_URL, config.CHARTER_API_KEY);
  const publishing = everyInterval(
    publishMs,
    async () => metrics.published(await publishAutonomy(store, charter)),
    (error) => log.warn({ err: error }, 'the charter was not told what was earned, the next round comes'),
  );
  transport.consume(outcomeQueue, onOutcome({ store, settings, metrics, onEarned: publishing.wake }), {
    concurrency: 1,
  });
  const housekeeping = everyInterval(
    housekeepingMs,
    async () => {
      metrics.forgotten(await outcomes.forgetBefore(config.KNOWLEDGE_RETENTION));
      const counts = await counter.counts({ sinceSeconds: standingSeconds }, null);
      const { effectiveness, harmPerThousand } = standingFrom(counts);
      metrics.standing(effectiveness, harmPerThousand);
    },
    onError,
  );

  const readiness = { postgres: () => store.ping(), redis: () => transport.ping() };
  const http = await buildApp({
    config,
    log,
    registry,
    readiness,
    metrics,
    store,
    outcomes,
    tallies,
    counter,
    memory: incidentMemory(store),
    analyses: analysesRest(config.ANALYZE_URL, config.CHARTER_API_KEY),
    settings,
    environment: config.CHARTER_ENVIRONMENT,
    onEarned: publishing.wake,
    earnedStates: () => autonomyStates(store),
  });
  return startService({
    app: 'knowledge',
    config,
    log,
    http,
    closeables: [store, housekeeping, publishing, transport],
  });
}
