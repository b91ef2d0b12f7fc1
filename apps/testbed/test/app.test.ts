import { createLog, createRegistry, type HttpApp } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded, expectProblem } from '@charter/service/testing';
import { ulid } from 'ulid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildApp } from '../src/app.ts';
import { TestbedConfig } from '../src/config.ts';
import { runLive } from '../src/live-testbed.ts';
import { createTestbed } from '../src/model/index.ts';

/** The app on a clock that only the test moves. */
async function startApp(environment: Record<string, string> = {}) {
  const config = TestbedConfig.parse({ LOG_LEVEL: 'silent', ...environment });
  const testbed = createTestbed({ seed: 1 });
  testbed.advance(30);
  let elapsedMs = 0;
  const clock = { monotonicMs: () => elapsedMs, wallMs: () => Date.parse('2026-01-01T00:00:30Z') };
  const live = runLive(testbed, clock, 1000);
  const http = await buildApp({
    config,
    log: createLog('testbed', config),
    registry: createRegistry('testbed'),
    live,
    newId: () => ulid(),
  });
  return {
    http,
    wait: (seconds: number): void => {
      elapsedMs += seconds * 1000;
    },
  };
}

const keys = (key: string, token: number | string) => ({ 'idempotency-key': key, 'fencing-token': String(token) });

describe('the testbed over http', () => {
  let http: HttpApp;
  let wait: (seconds: number) => void;
  beforeEach(async () => {
    ({ http, wait } = await startApp());
  });
  afterEach(() => http.close());

  const post = (url: string, payload: object, headers: Record<string, string> = {}) =>
    http.inject({ method: 'POST', url: `/api/v1${url}`, payload, headers });
  const get = async (url: string) => (await http.inject(`/api/v1${url}`)).json();

  test('shows a fault in the state, and its recovery after the remedy, and lists one effect', async () => {
    const fault = await post('/faults', { kind: 'crash', component: 'orders', intensity: 0.8, durationSeconds: 300 });
    expect(fault.statusCode).toBe(201);
    wait(8);
    expect((await get('/state')).components.orders).toMatchObject({ healthy: false, replicas: 4 });
    expect((await get('/faults')).items).toEqual([expect.objectContaining({ id: fault.json().id, kind: 'crash' })]);
    const restart = await post('/components/orders/restart', {}, keys('a', 1));
    expect(restart.json()).toMatchObject({ action: 'RESTART_SERVICE', undo: null });
    wait(12);
    expect((await get('/state')).components.orders.healthy).toBe(true);
    expect((await get('/faults')).items).toEqual([]);
    expect((await get('/effects')).items).toEqual([
      {
        idempotencyKey: 'a',
        fencingToken: 1,
        action: 'RESTART_SERVICE',
        component: 'orders',
        parameters: {},
        at: '2026-01-01T00:00:38.000Z',
      },
    ]);
  });

  test('answers the same key with the same answer and no second effect, and another request under it with 409', async () => {
    const first = await post('/components/catalog/scale', { replicas: 6 }, keys('k', 5));
    wait(3);
    const repeat = await post('/components/catalog/scale', { replicas: 6 }, keys('k', 4));
    expect(repeat.json()).toEqual(first.json());
    expectProblem(await post('/components/catalog/scale', { replicas: 7 }, keys('k', 5)), 'conflict');
    expectProblem(await post('/components/orders/scale', { replicas: 6 }, keys('k', 5)), 'conflict');
    expect((await get('/effects')).items).toHaveLength(1);
  });

  test('refuses an older fencing token of the same component only', async () => {
    await post('/components/catalog/restart', {}, keys('a', 10));
    expectProblem(await post('/components/catalog/restart', {}, keys('b', 9)), 'fencing-token-stale');
    expect((await post('/components/orders/restart', {}, keys('c', 1))).statusCode).toBe(200);
    expect((await post('/components/catalog/restart', {}, keys('d', 10))).statusCode).toBe(200);
    const effects = (await get('/effects')).items.map((effect: { idempotencyKey: string }) => effect.idempotencyKey);
    expect(effects).toEqual(['d', 'c', 'a']);
  });

  test('refuses an actuation without its two headers', async () => {
    expectProblem(await post('/components/catalog/restart', {}), 'request-invalid');
    expectProblem(await post('/components/catalog/restart', {}, { 'idempotency-key': 'a' }), 'request-invalid');
    expectProblem(await post('/components/catalog/restart', {}, keys('a', 'seven')), 'request-invalid');
    expect((await get('/effects')).items).toEqual([]);
  });

  test('undoes by the body that the answer carries: the state shows the former specification exactly', async () => {
    const before = (await get('/state')).components.payments.spec;
    const bodies = {
      scale: { replicas: 7 },
      throttle: { requestsPerSecond: 15 },
      rebalance: { weights: { a: 0, b: 1 } },
      config: { key: 'workers', value: 8 },
      policy: { version: 'v1' },
      bypass: { ttlSeconds: 100 },
      override: { ttlSeconds: 100 },
    };
    for (const [route, body] of Object.entries(bodies)) {
      const done = await post(`/components/payments/${route}`, body, keys(route, 1));
      expect(done.json().previous, route).toEqual(before);
      wait(4);
      await post(`/components/payments/${route}`, done.json().undo, keys(`${route}-undo`, 1));
      wait(4);
      expect((await get('/state')).components.payments.spec, route).toEqual(before);
    }
    expect((await get('/effects')).items).toHaveLength(14);
  });

  test('refuses unknown components, faults and configuration keys, and faults that do not apply', async () => {
    expectProblem(await post('/components/printer/restart', {}, keys('a', 1)), 'not-found');
    expectProblem(await http.inject({ method: 'DELETE', url: '/api/v1/faults/none' }), 'not-found');
    expectProblem(await post('/components/cache/config', { key: 'x', value: 1 }, keys('b', 1)), 'request-invalid');
    const order = { kind: 'noisy_neighbor', component: 'cache', intensity: 0.5, durationSeconds: 5 };
    expectProblem(await post('/faults', order), 'request-invalid');
    const crash = { ...order, kind: 'crash' };
    expect((await post('/faults', crash)).statusCode).toBe(201);
    expectProblem(await post('/faults', crash), 'conflict');
  });

  test('ends a fault on demand', async () => {
    const { id } = (
      await post('/faults', { kind: 'latency', component: 'catalog', intensity: 1, durationSeconds: 500 })
    ).json();
    expect((await http.inject({ method: 'DELETE', url: `/api/v1/faults/${id}` })).statusCode).toBe(204);
    expect((await get('/faults')).items).toEqual([]);
  });

  test('exposes the model and the process in one exposition', async () => {
    const { body } = await http.inject('/metrics');
    expect(body).toMatch(/^testbed_request_duration_seconds_bucket\{component="gateway",le="\+Inf"\} \d+$/m);
    expect(body).toMatch(
      /^testbed_edge_request_duration_seconds_count\{source="orders",destination="payments",side="server"\} \d+$/m,
    );
    expect(body).toMatch(/^testbed_limit_requests_per_second\{component="gateway"\} \+Inf$/m);
    expect(body).toMatch(/^charter_testbed_build_info\{/m);
  });

  test('gives the kinds of faults as a plain list', async () => {
    const kinds = await get('/faults/kinds');
    expect(kinds).toHaveLength(11);
    expect(kinds).toContainEqual(expect.objectContaining({ kind: 'crash', remedies: { RESTART_SERVICE: 'clears' } }));
  });
});

test('every route demands its role', async () => {
  const testKeys = await createTestKeys();
  const { http } = await startApp({ CHARTER_API_KEYS: testKeys.file });
  expect(await expectEveryRouteGuarded(http, testKeys)).toBe(14);
  await http.close();
  await testKeys.close();
});

describeServiceEdges(async () => (await startApp()).http);
