import { type Environment, everyInterval, type RunningService, startService } from '@charter/service';
import { createCharterClient } from '@charter/shared/charter-client';
import { analysisQueue, planAdaptationQueue } from '@charter/shared/contracts';
import { openStage } from '@charter/stage';
import { newId } from '@charter/store';
import { analysesFrom } from './adapters/analyses.ts';
import { executeRest } from './adapters/execute-rest.ts';
import { knowledgeOrNothing } from './adapters/knowledge-rest.ts';
import { planLog as planLogOn } from './adapters/plan-log.ts';
import { planningPack } from './adapters/planning-pack.ts';
import { forgetSituations } from './adapters/situation-history.ts';
import { situationRecords } from './adapters/situation-records.ts';
import type { PlanTables } from './adapters/tables.ts';
import { buildApp } from './app.ts';
import { PlanConfig, settingsFrom } from './config.ts';
import { createMetrics } from './metrics.ts';
import { planMigrations } from './migrations.ts';
import { followExecutions as following } from './workers/follow-executions.ts';
import { onAdaptation } from './workers/on-adaptation.ts';
import { onAnalysis } from './workers/on-analysis.ts';
import { planNow } from './workers/plan-now.ts';
import { reapPlans } from './workers/reap.ts';
import { replanBlocked, replanning } from './workers/replan.ts';
import { watchApprovals } from './workers/watch-approvals.ts';

const approvalsMs = 1_000;
const executionsMs = 1_000;
const reaperMs = 1_000;
const blockedMs = 2_000;
const forgetMs = 3_600_000;

export async function startPlan(environment: Environment): Promise<RunningService> {
  const stage = await openStage<PlanTables, PlanConfig>({
    app: 'plan',
    config: PlanConfig,
    environment,
    migrations: planMigrations,
  });
  const { config, log, registry, store, transport, charter, onError } = stage;
  const settings = settingsFrom(config);
  const metrics = createMetrics(registry);

  const apiKey = config.CHARTER_API_KEY;
  const executor = executeRest({ name: 'execute', url: config.EXECUTE_URL, apiKey, timeoutMs: 2_000 });
  const teacher = knowledgeOrNothing({ name: 'knowledge', url: config.KNOWLEDGE_URL, apiKey }, (error) =>
    log.warn({ err: error }, 'knowledge is silent, planning by the cost table'),
  );
  const analyses = analysesFrom(store, { name: 'analyze', url: config.ANALYZE_URL, apiKey });
  const pack = await planningPack(stage);
  const records = situationRecords(store);
  const planLog = planLogOn(store);

  const onPending = (): void => approvals.wake();
  const now = (): Date => new Date();
  const planner = { store, pack, executor, teacher, records, settings, charter, metrics, onPending, now, newId };
  const replan = replanning(planner);
  const followExecutions = following({ store, executor, metrics });
  const onTrouble = (error: unknown, planId: string): void =>
    log.warn({ err: error, planId }, 'an approval could not be followed, the next round tries again');
  const attendApprovals = watchApprovals({ store, charter, settings, metrics, replan, onTrouble });
  const approvals = everyInterval(
    approvalsMs,
    async () => {
      await attendApprovals();
      const { count, oldestSeconds } = await planLog.waiting();
      metrics.pending(count, oldestSeconds);
      metrics.heartbeat();
    },
    onError,
  );
  const executions = everyInterval(
    executionsMs,
    async () => {
      for (const incidentId of await followExecutions()) await replan(incidentId);
    },
    onError,
  );
  const reaper = everyInterval(reaperMs, () => reapPlans(store), onError);

  const unblocker = everyInterval(blockedMs, () => replanBlocked(store, replan), onError);

  const forgetting = everyInterval(
    forgetMs,
    async () => void (await forgetSituations(store, config.PLAN_HISTORY)),
    onError,
  );

  const planning = { ...planner, followExecutions };
  transport.consume(analysisQueue, onAnalysis(planning));
  transport.consume(planAdaptationQueue, onAdaptation(store));

  const readiness = { ...stage.readiness, pack: () => pack.ready() };
  const http = await buildApp({
    config,
    log,
    registry,
    readiness,
    planLog,
    analyses,
    planNow: planNow(planning),
    votes: createCharterClient({ url: config.CHARTER_URL }),
    onPending,
    pack,
    records,
    store,
  });
  return startService({
    app: 'plan',
    config,
    log,
    http,
    closeables: [store, transport, pack, approvals, executions, reaper, unblocker, forgetting],
  });
}
