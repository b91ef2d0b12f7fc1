import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { configFrom, createLog, createRegistry, everyInterval, type HttpApp, ServiceConfig } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded } from '@charter/service/testing';
import { type Analysis, analysisQueue, type Violation, violationQueue } from '@charter/shared/contracts';
import { newId, openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type AnalysisLog, analysisLog } from '../src/adapters/analysis-log.ts';
import { buildApp } from '../src/app.ts';
import { createMetrics } from '../src/metrics.ts';
import { type AnalyzeTables, migrations } from '../src/migrations.ts';
import type { SignalHistory } from '../src/ports.ts';
import { analyzeWaiting } from '../src/workers/analyze-waiting.ts';
import { onViolation } from '../src/workers/on-violation.ts';
import { processTarget } from './process-target.ts';

const log = createLog('analyze', { LOG_LEVEL: 'silent' });
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<AnalyzeTables>;
let producer: Store<Record<never, never>>;
let analyses: AnalysisLog;
let transports: Transport[];
let looking: ReturnType<typeof everyInterval>;
let app: HttpApp;
const heard: Analysis[] = [];

const targets = [
  processTarget('gateway', ['orders']),
  processTarget('orders', ['database']),
  processTarget('database', []),
  processTarget('mail', []),
];

/** A minute of history in which the database slows down twenty seconds ago, and its callers with it. */
const history: SignalHistory = {
  async around(_pack, asked, detectedAt) {
    const at = Date.parse(detectedAt) / 1_000;
    const slow: Record<string, number> = { database: 2, orders: 1.9, gateway: 2 };
    const series = asked.map(({ metadata: { name } }) => {
      const timestamps = Array.from({ length: 80 }, (_, index) => at - 60 + index);
      const values = timestamps.map(
        (time, index) => 0.1 + 0.01 * ((index * 7) % 5) + (time >= at - 2 ? (slow[name] ?? 0) : 0),
      );
      return { component: name, metric: 'latency_p95_seconds', timestamps, values };
    });
    return { series, windows: series.map(({ component }) => ({ component }) as never) };
  },
};

function appOn(config: ServiceConfig) {
  return buildApp({ config, log, registry: createRegistry('analyze'), analysisLog: analyses, readiness: {} });
}

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<AnalyzeTables>({ url: database.url, schema: 'analyze', migrations });
  producer = await openStore({ url: database.url, schema: 'monitor', migrations: {} });
  analyses = analysisLog(store);
  const queues = { redisUrl: inject('redisUrl'), prefix: testPrefix(), onError: () => undefined };
  transports = [
    openTransport({ app: 'analyze', store, registry: createRegistry('analyze'), ...queues }),
    openTransport({ app: 'monitor', store: producer, registry: createRegistry('monitor'), ...queues }),
  ];
  const metrics = createMetrics(createRegistry('analyze'));
  const deps = {
    store,
    log: analyses,
    history,
    pack: () => ({ rules: [], signals: [], targets }),
    metrics,
    mostTargets: 50,
    refit: async () => ({ points: [], bound: 0 }),
  };
  looking = everyInterval(
    100,
    () => analyzeWaiting(deps),
    (error) => expect.unreachable(String(error)),
  );
  transports[0]?.consume(violationQueue, onViolation({ store, wake: looking.wake }));
  transports[1]?.consume(analysisQueue, (message) =>
    producer.consume(message, async () => void heard.push(message.data)),
  );
  app = await appOn(configFrom(ServiceConfig, {}));
});

afterAll(async () => {
  await app.close();
  await looking.close();
  await Promise.all(transports.map((transport) => transport.close()));
  await producer.close();
  await store.close();
  await database.drop();
});

function violationOf(component: string, changes: Partial<Violation> = {}): Violation {
  const now = new Date().toISOString();
  return {
    id: newId(),
    fingerprint: Buffer.from(component.padEnd(16, '-').slice(0, 16)).toString('hex'),
    episode: 1,
    revision: 1,
    incidentId: newId(),
    environment: newId(),
    rule: 'latency-high',
    component,
    metric: 'latency_p95_seconds',
    severity: 'warning',
    state: 'firing',
    value: 2,
    threshold: 0.5,
    comparator: '>',
    labels: {},
    description: 'p95 latency above 0.5 s',
    source: 'prometheus',
    query: 'latency',
    startedAt: now,
    detectedAt: now,
    resolvedAt: null,
    suppressed: null,
    ...changes,
  };
}

const tell = (violation: Violation) =>
  producer.transaction((tx) => tx.enqueue(violationQueue, violation, { incidentId: violation.incidentId }));

const latest = (incidentId: string) => heard.filter((analysis) => analysis.incidentId === incidentId).at(-1);

describe('an incident', () => {
  test('is traced from its symptom to the component that explains it', async () => {
    const violation = violationOf('gateway');
    await tell(violation);
    await expect
      .poll(() => latest(violation.incidentId))
      .toMatchObject({ verdict: 'determined', revision: 1, mergedInto: null });
    const found = latest(violation.incidentId);
    expect(found?.rootCauses[0]).toMatchObject({ component: 'database', metric: 'latency_p95_seconds' });
    expect(found?.rootCauses[0]?.evidence[0]?.text).toBeTruthy();
    expect(found?.rootCauses.map(({ component }) => component)).not.toContain('mail');
  });

  test('becomes part of the open incident of the component it blames', async () => {
    const onDatabase = violationOf('database');
    const onOrders = violationOf('orders', { environment: onDatabase.environment });
    await tell(onDatabase);
    await expect.poll(() => latest(onDatabase.incidentId)).toBeDefined();
    await tell(onOrders);
    await expect.poll(() => latest(onOrders.incidentId)).toMatchObject({ mergedInto: onDatabase.incidentId });
  });

  test('that resolves is told so, with what was found', async () => {
    const violation = violationOf('database');
    await tell(violation);
    await expect.poll(() => latest(violation.incidentId)).toBeDefined();
    await tell({ ...violation, revision: 2, state: 'resolved', resolvedAt: new Date().toISOString() });
    await expect
      .poll(() => latest(violation.incidentId))
      .toMatchObject({ revision: 2, violations: [{ state: 'resolved' }] });
    expect(latest(violation.incidentId)?.rootCauses[0]?.component).toBe('database');
  });

  test('keeps the newest revision of a violation, whichever arrives last', async () => {
    const violation = violationOf('database');
    await tell({ ...violation, revision: 3, value: 3 });
    await expect.poll(() => latest(violation.incidentId)).toBeDefined();
    await tell({ ...violation, revision: 2, value: 2 });
    await expect
      .poll(() => latest(violation.incidentId))
      .toMatchObject({ revision: 2, violations: [{ revision: 3, value: 3 }] });
  });

  test('can be read with the windows its analysis used', async () => {
    const { items } = (await app.inject('/api/v1/analyses?limit=1')).json<{ items: Analysis[] }>();
    const [newest] = items;
    const one = await app.inject(`/api/v1/analyses/${newest?.id}`);
    expect(one.json()).toMatchObject({ id: newest?.id, windows: expect.any(Array) });
  });
});

describe('detection on series that the caller brings', () => {
  const timestamps = Array.from({ length: 120 }, (_, index) => 1_700_000_000 + index * 60);
  const calm = timestamps.map((_, index) => 10 + ((index * 7) % 5));
  const broken = calm.map((value, index) => (index >= 100 ? value + 100 : value));

  test('names the component whose series broke', async () => {
    const payload = {
      detectedAt: new Date((1_700_000_000 + 6_000) * 1_000).toISOString(),
      series: [
        { component: 'a', metric: 'cpu_usage', timestamps, values: calm },
        { component: 'b', metric: 'cpu_usage', timestamps, values: broken },
      ],
      topology: { edges: [{ from: 'a', to: 'b' }] },
      symptom: { component: 'a', metric: 'cpu_usage' },
    };
    const answer = await app.inject({ method: 'POST', url: '/api/v1/analyses', payload });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ rootCauses: [{ component: 'b' }, {}] });
  });

  test('scores every sample without looking ahead', async () => {
    const score = async (values: number[]) =>
      (
        await app.inject({
          method: 'POST',
          url: '/api/v1/anomalies',
          payload: { timestamps: timestamps.slice(0, values.length), values },
        })
      ).json<{ scores: number[] }>().scores;
    const whole = await score(broken);
    expect(whole).toHaveLength(120);
    expect(await score(broken.slice(0, 105))).toEqual(whole.slice(0, 105));
    expect(whole[100]).toBeGreaterThan(Math.max(...whole.slice(50, 100)));
  });

  test('takes gaps as null and refuses series of uneven length', async () => {
    const url = '/api/v1/anomalies';
    const gappy = await app.inject({ method: 'POST', url, payload: { timestamps: [1, 2, 3], values: [1, null, 3] } });
    expect(gappy.json()).toMatchObject({ scores: [expect.any(Number), expect.any(Number), expect.any(Number)] });
    const uneven = await app.inject({ method: 'POST', url, payload: { timestamps: [1, 2], values: [1] } });
    expect(uneven.statusCode).toBe(400);
    expect(uneven.json()).toMatchObject({ errors: [{ pointer: expect.stringContaining('values') }] });
  });
});

test('every route asks for the role it names', async () => {
  const keys = await createTestKeys();
  const guarded = await appOn(configFrom(ServiceConfig, { CHARTER_API_KEYS: keys.file }));
  expect(await expectEveryRouteGuarded(guarded, keys)).toBeGreaterThan(3);
  await guarded.close();
  await keys.close();
});

describeServiceEdges(() => appOn(configFrom(ServiceConfig, {})), { bodyLimitBytes: 48 * 1024 * 1024 });
