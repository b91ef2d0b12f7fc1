import { configFrom, createLog, createRegistry, type HttpApp, ServiceConfig } from '@charter/service';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { analysisLog } from '../src/adapters/analysis-log.ts';
import { buildApp } from '../src/app.ts';
import { type AnalyzeTables, migrations } from '../src/migrations.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let store: Store<AnalyzeTables>;
let app: HttpApp;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  store = await openStore<AnalyzeTables>({ url: database.url, schema: 'analyze', migrations });
  app = await buildApp({
    config: configFrom(ServiceConfig, {}),
    log: createLog('analyze', { LOG_LEVEL: 'silent' }),
    registry: createRegistry('analyze'),
    analysisLog: analysisLog(store),
    readiness: {},
  });
});

afterAll(async () => {
  await app.close();
  await store.close();
  await database.drop();
});

interface SeriesBody {
  readonly component: string;
  readonly metric: string;
  readonly timestamps: number[];
  readonly values: (number | null)[];
}

const began = 1_700_000_000;
const struckAt = began + 6_000;

/** Two hours of minutes; from `struckAt` on, `rise` is added. */
function seriesOf(component: string, metric: string, level: number, rise: number): SeriesBody {
  const timestamps = Array.from({ length: 120 }, (_, i) => began + i * 60);
  const values = timestamps.map((time, i) => level * (1 + 0.02 * ((i * 7) % 5)) + (time >= struckAt ? rise : 0));
  return { component, metric, timestamps, values };
}

/** A store that gets slow, and the web front that waits for it. */
const slowStore: readonly SeriesBody[] = [
  seriesOf('web', 'latency_p95', 0.2, 0.5),
  seriesOf('store', 'latency_p95', 0.05, 0.5),
  seriesOf('store', 'cpu_usage_percent', 20, 60),
  seriesOf('search', 'latency_p95', 0.1, 0),
];

async function analyze(series: readonly unknown[]) {
  const payload = {
    detectedAt: struckAt,
    series,
    topology: { edges: [{ from: 'web', to: 'store' }] },
    symptom: { component: 'web', metric: 'latency_p95' },
  };
  const answer = await app.inject({ method: 'POST', url: '/api/v1/analyses', payload });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json<{ verdict: string; rootCauses: { component: string; metric: string }[] }>();
}

async function scoresOf(timestamps: number[], values: (number | null)[]): Promise<number[]> {
  const payload = { timestamps, values };
  const answer = await app.inject({ method: 'POST', url: '/api/v1/anomalies', payload });
  expect(answer.statusCode, answer.body).toBe(200);
  return answer.json<{ scores: number[] }>().scores;
}

const changed = (change: (value: number | null, i: number, s: number) => number | null): SeriesBody[] =>
  slowStore.map((one, s) => ({ ...one, values: one.values.map((value, i) => change(value, i, s)) }));
const times = (factor: number) => (value: number | null) => (value === null ? null : value * factor);
const reversed = (one: SeriesBody): SeriesBody => ({
  ...one,
  timestamps: one.timestamps.toReversed(),
  values: one.values.toReversed(),
});

describe('an analysis of series that the caller brings', () => {
  test('is the same whatever the order of series and samples', async () => {
    expect(await analyze(slowStore.map(reversed).toReversed())).toEqual(await analyze(slowStore));
  });

  test.each<[string, () => readonly SeriesBody[]]>([
    ['that are scaled', () => changed(times(1_000))],
    ['that are each shifted', () => changed((value, _i, s) => (value ?? 0) + 10 ** s)],
    ['with missing samples', () => changed((value, i) => (i % 5 === 2 ? null : value))],
    [
      'with a gap of half an hour',
      () =>
        slowStore.map((one) => ({
          ...one,
          timestamps: one.timestamps.filter((_, i) => i < 30 || i >= 60),
          values: one.values.filter((_, i) => i < 30 || i >= 60),
        })),
    ],
    [
      'with every sample twice',
      () =>
        slowStore.map((one) => ({
          ...one,
          timestamps: [...one.timestamps, ...one.timestamps],
          values: [...one.values, ...one.values],
        })),
    ],
    [
      'beside constant, empty and single-sample series',
      () => [
        ...slowStore,
        seriesOf('flat', 'memory_bytes', 0, 0),
        { component: 'lone', metric: 'x', timestamps: [struckAt], values: [7] },
        { component: 'lone', metric: 'y', timestamps: [], values: [] },
        { component: 'lone', metric: 'z', timestamps: [began, struckAt], values: [null, null] },
      ],
    ],
  ])('blames the same component for series %s', async (_what, series) => {
    expect((await analyze(series())).rootCauses[0]?.component).toBe('store');
  });

  test('reads a counter as a rate, and its reset as no change', async () => {
    const counter = (component: string, resetAt: number, perMinute: number): SeriesBody => {
      const base = seriesOf(component, 'errors_total', 0, 0);
      let total = 0;
      const values = base.timestamps.map((time, i) => {
        total = i === resetAt ? 0 : total + (time >= struckAt ? perMinute : 1 + (i % 3));
        return total;
      });
      return { ...base, values };
    };
    const answer = await analyze([counter('web', 105, 2), counter('store', 50, 90)]);
    expect(answer.rootCauses[0]?.component).toBe('store');
  });

  test('is undetermined without any series', async () => {
    expect(await analyze([])).toMatchObject({ verdict: 'undetermined', rootCauses: [] });
  });
});

describe('the anomaly scores of a series', () => {
  const timestamps = Array.from({ length: 600 }, (_, i) => began + i * 60);
  const values = timestamps.map((_, i) => 50 + 10 * Math.sin(i / 20) + ((i * 7) % 5) + (i >= 550 ? 80 : 0));

  test('use nothing after the sample they are of', async () => {
    const whole = await scoresOf(timestamps, values);
    for (const cut of [1, 47, 551]) {
      expect(await scoresOf(timestamps.slice(0, cut), values.slice(0, cut))).toEqual(whole.slice(0, cut));
    }
  });

  test('follow their samples when these come in another order', async () => {
    const whole = await scoresOf(timestamps, values);
    expect(await scoresOf(timestamps.toReversed(), values.toReversed())).toEqual(whole.toReversed());
  });

  test('do not change when the series is scaled or shifted', async () => {
    const whole = await scoresOf(timestamps, values);
    const moved = await scoresOf(
      timestamps,
      values.map((value) => 1_000 * value - 5_000),
    );
    expect(Math.max(...whole.map((score, i) => Math.abs(score - (moved[i] ?? 0))))).toBeLessThan(0.02);
  });

  test('are none for missing samples, which change no other score', async () => {
    const gappy = timestamps.flatMap((time, i) => (i === 300 ? [time, time + 30] : [time]));
    const scores = await scoresOf(
      gappy,
      values.flatMap((value, i) => (i === 300 ? [value, null] : [value])),
    );
    expect(scores[301]).toBe(0);
    expect(scores.toSpliced(301, 1)).toEqual(await scoresOf(timestamps, values));
  });

  test('are the same for a sample given twice', async () => {
    const doubled = await scoresOf([...timestamps, ...timestamps], [...values, ...values]);
    expect(doubled.slice(600)).toEqual(doubled.slice(0, 600));
    expect(doubled.slice(0, 600)).toEqual(await scoresOf(timestamps, values));
  });

  test('are none for constant and single-sample series', async () => {
    expect(
      Math.max(
        ...(await scoresOf(
          timestamps,
          timestamps.map(() => 3),
        )),
      ),
    ).toBe(0);
    expect(await scoresOf([began], [1])).toEqual([0]);
    expect(await scoresOf([], [])).toEqual([]);
  });
});

describe('hostile input', () => {
  const one = { component: 'a', metric: 'x', timestamps: [1], values: [1] };
  test.each<[string, string, unknown]>([
    ['no body', 'analyses', {}],
    ['no series', 'analyses', { detectedAt: struckAt }],
    ['an unknown field', 'analyses', { detectedAt: struckAt, series: [], evil: true }],
    ['a time that is none', 'analyses', { detectedAt: 'yesterday', series: [] }],
    ['a negative time', 'analyses', { detectedAt: -1, series: [] }],
    ['a component without a name', 'analyses', { detectedAt: struckAt, series: [{ ...one, component: '' }] }],
    ['a name of a million letters', 'analyses', { detectedAt: 1, series: [{ ...one, component: 'a'.repeat(1e6) }] }],
    ['values that are text', 'analyses', { detectedAt: struckAt, series: [{ ...one, values: ['1'] }] }],
    ['fewer values than times', 'analyses', { detectedAt: struckAt, series: [{ ...one, values: [] }] }],
    ['too many series', 'analyses', { detectedAt: struckAt, series: Array.from({ length: 5_001 }, () => one) }],
    ['edges to nowhere', 'analyses', { detectedAt: struckAt, series: [], topology: { edges: [{ from: 'a' }] } }],
    ['a list instead of an object', 'anomalies', []],
    ['nested values', 'anomalies', { timestamps: [1], values: [[1]] }],
    ['more times than values', 'anomalies', { timestamps: [1, 2], values: [1] }],
    ['too many samples', 'anomalies', { timestamps: Array(200_001).fill(1), values: Array(200_001).fill(1) }],
  ])('with %s is refused and said why (POST %s)', async (_what, route, payload) => {
    const answer = await app.inject({
      method: 'POST',
      url: `/api/v1/${route}`,
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    });
    expect(answer.statusCode, answer.body.slice(0, 300)).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json()).toMatchObject({ status: 400, title: expect.any(String) });
  });

  test.each([
    ['numbers beyond all bounds', '{"timestamps":[1],"values":[1e999]}'],
    ['NaN', '{"timestamps":[1],"values":[NaN]}'],
    ['half a document', '{"timestamps":[1'],
    ['a poisoned prototype', '{"timestamps":[1],"values":[1],"__proto__":{"admin":true}}'],
  ])('with %s is refused', async (_what, payload) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await app.inject({ method: 'POST', url: '/api/v1/anomalies', headers, payload });
    expect(answer.statusCode, answer.body).toBe(400);
  });
});
