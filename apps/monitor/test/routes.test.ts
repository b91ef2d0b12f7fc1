import { execFile } from 'node:child_process';
import { configFrom, createLog, createRegistry, type HttpApp, ServiceConfig } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded, expectProblem } from '@charter/service/testing';
import { CharterError } from '@charter/shared/contracts';
import { findBinaries } from '@charter/stack';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { observationLog } from '../src/adapters/observation-log.ts';
import { violationLog } from '../src/adapters/violation-log.ts';
import { buildApp } from '../src/app.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { createStormWindow } from '../src/domain/storm-window.ts';
import { emptyWatch } from '../src/domain/watch.ts';
import { createMetrics } from '../src/metrics.ts';
import { migrations } from '../src/migrations.ts';
import type { MonitorTables } from '../src/tables.ts';
import { type AlertIntake, createAlertIntake } from '../src/workers/alert-intake.ts';
import { applyObservations } from '../src/workers/apply-observations.ts';
import { forgetOld } from '../src/workers/forget-old.ts';
import { measured } from './domain-fixture.ts';
import { webhookCall } from './monitor-fixture.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<MonitorTables>;
const bodyLimitBytes = 1024 * 1024;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<MonitorTables>({ url: database.url, schema: 'monitor', migrations });
});

afterAll(async () => {
  await store.close();
  await database.drop();
});

function build(environment: Record<string, string> = {}, given?: AlertIntake): Promise<HttpApp> {
  const registry = createRegistry('monitor');
  const metrics = createMetrics(registry);
  return buildApp({
    config: configFrom(ServiceConfig, environment),
    log: createLog('monitor', { LOG_LEVEL: 'silent' }),
    registry,
    violations: violationLog(store),
    observations: observationLog(store),
    watch: () => emptyWatch,
    intake: given ?? createAlertIntake({ store, metrics, limit: 10_000, onStored: () => undefined }),
    webhookBytes: bodyLimitBytes,
    readiness: {},
  });
}

async function observe(at: number, values: Record<string, number>): Promise<void> {
  const deps = {
    environment: 'test',
    settings: defaultSettings,
    clock: () => at,
    watch: () => emptyWatch,
    silences: () => [],
    stormWindow: createStormWindow(1_000, 30),
    metrics: createMetrics(createRegistry('monitor')),
    tracing: null,
  };
  const observations = Object.entries(values).map(([component, value]) => measured(component, value, at));
  await store.transaction(async (tx) => void (await applyObservations(tx, observations, deps)));
}

describeServiceEdges(() => build(), { bodyLimitBytes });

test('every route needs the role it names', async () => {
  const keys = await createTestKeys();
  const app = await build({ CHARTER_API_KEYS: keys.file });
  expect(await expectEveryRouteGuarded(app, keys)).toBeGreaterThanOrEqual(6);
  await app.close();
  await keys.close();
});

test('under pressure the webhook answers 503 with Retry-After, never 429', async () => {
  const app = await build(
    {},
    {
      accept: () => {
        throw new CharterError('overloaded', 'too much waits');
      },
      drained: () => undefined,
      isBusy: () => false,
      recount: async () => undefined,
    },
  );
  const answer = await app.inject({
    method: 'POST',
    url: '/webhooks/alerts',
    payload: webhookCall('firing', [{ alertname: 'A' }]),
  });
  expectProblem(answer, 'overloaded');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  await app.close();
});

test('metrics are clean under promtool', async () => {
  const app = await build();
  const { promtool } = await findBinaries();
  const { body } = await app.inject('/metrics');
  const findings = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      promtool.path,
      ['check', 'metrics'],
      { env: { ...process.env, ...promtool.env } },
      (error, stdout, stderr) => (error ? reject(new Error(stdout + stderr)) : resolve(stdout + stderr)),
    );
    child.stdin?.end(body);
  });
  expect(findings.trim()).toBe('');
  await app.close();
});

describe('with a history', () => {
  let app: HttpApp;
  const now = Date.now();

  beforeAll(async () => {
    await sql`truncate monitor.violation, monitor.signal, monitor.incident`.execute(store.db);
    app = await build();
    await observe(now - 3_600_000, { old: 11 });
    await observe(now - 3_590_000, { old: 1 });
    for (const [index, component] of ['a', 'b', 'c'].entries())
      await observe(now - 60_000 + index * 1_000, { [component]: 11 });
    await observe(now - 30_000, { a: 1 });
  });
  afterAll(() => app.close());

  const components = async (url: string) => {
    const { items } = (await app.inject(url)).json<{ items: { component: string }[] }>();
    return items.map(({ component }) => component);
  };

  test('violations are listed newest first, page by cursor, and filter', async () => {
    expect(await components('/api/v1/violations')).toEqual(['c', 'b', 'a', 'old']);
    const first = (await app.inject('/api/v1/violations?limit=2')).json<{ nextCursor: string }>();
    expect(await components(`/api/v1/violations?limit=2&cursor=${first.nextCursor}`)).toEqual(['a', 'old']);
    expect(await components('/api/v1/violations?state=firing')).toEqual(['c', 'b']);
    expect(await components('/api/v1/violations?component=a')).toEqual(['a']);
    const { items } = (await app.inject('/api/v1/violations?component=b')).json<{ items: Record<string, string>[] }>();
    expect(await components(`/api/v1/violations?incidentId=${items[0]?.incidentId}`)).toEqual(['b']);
    expect(await components(`/api/v1/violations?fingerprint=${items[0]?.fingerprint}`)).toEqual(['b']);
    expect((await app.inject(`/api/v1/violations/${items[0]?.id}`)).json()).toEqual(items[0]);
  });

  test('an unknown violation is a 404', async () => {
    expectProblem(await app.inject('/api/v1/violations/01ARZ3NDEKTSV4RRFFQ69G5FAV'), 'not-found');
  });

  test('statistics count the window, and what fires still', async () => {
    expect((await app.inject('/api/v1/violations/stats?window=15m')).json()).toMatchObject({
      windowSeconds: 900,
      total: { detected: 3, firing: 2, resolved: 1, meanDurationSeconds: 30 },
      bySeverity: [{ name: 'warning', detected: 3 }],
      byComponent: [{ name: 'a', resolved: 1 }, { name: 'b' }, { name: 'c' }],
      byMetric: [{ name: 'error_rate', detected: 3, firing: 2 }],
    });
    expect((await app.inject('/api/v1/violations/stats?window=2h')).json()).toMatchObject({ total: { detected: 4 } });
    expectProblem(await app.inject('/api/v1/violations/stats?window=soon'), 'request-invalid');
  });

  test('signals are listed by their latest look and page by cursor', async () => {
    const first = (await app.inject('/api/v1/signals?limit=2')).json<{ items: unknown[]; nextCursor: string }>();
    expect(first.items).toMatchObject([
      { component: 'a', verdict: 'clear', phase: 'quiet', value: 1 },
      { component: 'c', verdict: 'breach', phase: 'firing', value: 11 },
    ]);
    expect(await components(`/api/v1/signals?limit=2&cursor=${first.nextCursor}`)).toEqual(['b', 'old']);
  });

  test('history beyond its retention is forgotten, what fires is not', async () => {
    await forgetOld({ store, clock: () => now + 600_000, retentionSeconds: 3_600 })();
    expect(await components('/api/v1/violations')).toEqual(['c', 'b', 'a']);
    await forgetOld({ store, clock: () => now + 86_400_000, retentionSeconds: 3_600 })();
    expect(await components('/api/v1/violations')).toEqual(['c', 'b']);
    expect(await components('/api/v1/signals')).toEqual(['c', 'b']);
  });
});
