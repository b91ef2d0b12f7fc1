import { execFileSync } from 'node:child_process';
import { createLog, createRegistry, ServiceConfig } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded } from '@charter/service/testing';
import { createCharterClient } from '@charter/shared/charter-client';
import { findBinaries } from '@charter/stack';
import { newId, openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { executeRest } from '../src/adapters/execute-rest.ts';
import { knowledgeOrNothing } from '../src/adapters/knowledge-rest.ts';
import { planLog } from '../src/adapters/plan-log.ts';
import { situationRecords } from '../src/adapters/situation-records.ts';
import type { PlanTables } from '../src/adapters/tables.ts';
import { buildApp } from '../src/app.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { createMetrics } from '../src/metrics.ts';
import { planMigrations } from '../src/migrations.ts';
import { followExecutions } from '../src/workers/follow-executions.ts';
import { planNow } from '../src/workers/plan-now.ts';
import { situation, targetState } from './fixtures.ts';
import { type Neighbors, startNeighbors } from './stand-ins.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<PlanTables>;
let neighbors: Neighbors;
const { rules, targets, strategies } = situation();

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<PlanTables>({ url: database.url, schema: 'plan', migrations: planMigrations });
  const pack = {
    id: 'p',
    name: 'p',
    version: '1',
    environment: 'production',
    activatedAt: '',
    documents: [],
    policies: [],
  };
  neighbors = await startNeighbors({ pack, targets: ['orders', 'payments'].map((name) => targetState(name)) });
});
afterAll(async () => {
  await store.close();
  await neighbors.close();
  await database.drop();
});

function build(environment: Partial<ServiceConfig> = {}) {
  const config = { ...ServiceConfig.parse({}), ...environment };
  const registry = createRegistry('plan');
  const metrics = createMetrics(registry);
  const { url } = neighbors;
  const executor = executeRest({ name: 'execute', url });
  const records = situationRecords(store);
  const pack = { current: () => ({ rules, targets, strategies, windows: [] }) };
  const charter = createCharterClient({ url });
  return buildApp({
    config,
    log: createLog('plan', { LOG_LEVEL: 'silent' }),
    registry,
    readiness: {},
    planLog: planLog(store),
    analyses: { find: async () => null },
    planNow: planNow({
      store,
      pack,
      executor,
      teacher: knowledgeOrNothing({ name: 'knowledge', url }, () => undefined),
      records,
      settings: defaultSettings,
      charter,
      metrics,
      now: () => new Date(),
      newId,
      followExecutions: followExecutions({ store, executor, metrics }),
    }),
    votes: charter,
    onPending: () => undefined,
    pack,
    records,
    store,
  });
}

describeServiceEdges(() => build());

test('every route asks for the role it names', async () => {
  const keys = await createTestKeys();
  const app = await build({ CHARTER_API_KEYS: keys.file });
  expect(await expectEveryRouteGuarded(app, keys)).toBeGreaterThanOrEqual(7);
  await app.close();
  await keys.close();
});

test('metrics pass promtool, with what is specific to planning', async () => {
  const app = await build();
  const text = (await app.inject('/metrics')).body;
  for (const name of [
    'plans_total',
    'scoring_duration_seconds',
    'pending_approvals',
    'pending_approval_oldest_age_seconds',
    'heartbeat_timestamp_seconds',
  ]) {
    expect(text).toContain(`charter_plan_${name}`);
  }
  const { promtool } = await findBinaries();
  expect(
    execFileSync(promtool.path, ['check', 'metrics'], { input: text, stdio: ['pipe', 'pipe', 'pipe'] }).toString(),
  ).toBe('');
  await app.close();
});
