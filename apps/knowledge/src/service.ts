import { type Environment, everyInterval, type RunningService, startService } from '@charter/service';
import { outcomeQueue } from '@charter/shared/contracts';
import { keepPack, openStage } from '@charter/stage';
import { analysesRest } from './adapters/analyses-rest.ts';
import { autonomyStates } from './adapters/autonomy-log.ts';
import { charterAutomation } from './adapters/charter-automation.ts';
import { incidentMemory } from './adapters/incident-memory.ts';
import { outcomeLog } from './adapters/outcome-log.ts';
import { passageShelf, passagesIn } from './adapters/passage-shelf.ts';
import { outcomeCounts } from './adapters/statistics.ts';
import { summaryEndpoint } from './adapters/summary-endpoint.ts';
import { tallyBook } from './adapters/tally-book.ts';
import { buildApp } from './app.ts';
import { KnowledgeConfig, learningSettingsFrom } from './config.ts';
import { standingFrom } from './domain/statistics-from.ts';
import { noPack, taughtPack } from './domain/taught-pack.ts';
import { createMetrics } from './metrics.ts';
import { type KnowledgeTables, migrations } from './migrations.ts';
import { onOutcome } from './workers/on-outcome.ts';
import { publishAutonomy } from './workers/publish-autonomy.ts';
import { publishHolds } from './workers/publish-holds.ts';
import { publishRefit } from './workers/publish-refit.ts';

const housekeepingMs = 60_000;
const publishMs = 15_000;
const shelvingMs = 10_000;
/** What the standing in metrics looks back on. */
const standingSeconds = 30 * 86_400;

export async function startKnowledge(environment: Environment): Promise<RunningService> {
  const stage = await openStage<KnowledgeTables, KnowledgeConfig>({
    app: 'knowledge',
    config: KnowledgeConfig,
    environment,
    migrations,
  });
  const { config, log, registry, store, transport, onError } = stage;
  const settings = learningSettingsFrom(config);
  const metrics = createMetrics(registry);
  const pack = await keepPack(stage, taughtPack);

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
      const held = await publishHolds(store);
      if (held > 0) log.info({ held }, 'monitor is told how long violations may wait');
      if (await publishRefit(store)) log.info('analyze is told what its confidences proved to be worth');
    },
    onError,
  );

  const passages = passageShelf(store);
  const shelving = everyInterval(
    shelvingMs,
    async () => {
      const { strategies } = pack.current() ?? noPack;
      await passages.keep(await passagesIn(config.KNOWLEDGE_RUNBOOKS, strategies));
    },
    onError,
  );
  const { KNOWLEDGE_SUMMARY_URL: summaryUrl, KNOWLEDGE_SUMMARY_MODEL: model, KNOWLEDGE_SUMMARY_KEY_FILE: key } = config;
  const summaries =
    summaryUrl === undefined ? null : { endpoint: summaryEndpoint(summaryUrl, model, key), charter: stage.charter };

  const http = await buildApp({
    config,
    log,
    registry,
    readiness: stage.readiness,
    metrics,
    store,
    outcomes,
    tallies,
    counter,
    memory: incidentMemory(store),
    passages,
    signals: () => (pack.current() ?? noPack).signals,
    summaries,
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
    closeables: [store, pack, housekeeping, publishing, shelving, transport],
  });
}
