import type { Signal, Violation } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Endpoint,
  json,
  type MonitorFixture,
  rule,
  startEndpoint,
  startFixture,
  vectorOf,
  webhookCall,
} from './monitor-fixture.ts';

let prometheus: Endpoint;
let alertmanager: Endpoint;
let fixture: MonitorFixture;

const nothingListed: Endpoint['answer'] = json([]);
const errorRate = rule('error_rate', { query: 'error_rate', threshold: 0.05, resolveThreshold: 0.02 });

beforeAll(async () => {
  prometheus = await startEndpoint(json(vectorOf({})));
  alertmanager = await startEndpoint(nothingListed);
  fixture = await startFixture({
    PROMETHEUS_URL: prometheus.url,
    ALERTMANAGER_URL: alertmanager.url,
    MONITOR_INCIDENT_QUIET: '1s',
    MONITOR_RENOTIFY: '1h',
    MONITOR_ROUND_TIMEOUT: '2s',
    MONITOR_QUERY_TIMEOUT: '1s',
    MONITOR_FLAP_TRANSITIONS: '50',
  });
  await fixture.activate([errorRate]);
});

afterAll(async () => {
  await fixture.close();
  await prometheus.close();
  await alertmanager.close();
});

const answerWith = (values: Record<string, number | string>): void => {
  prometheus.answer = (response, url) => json(vectorOf(values))(response, url);
};

const listed = async (query: string): Promise<Violation[]> =>
  (await fixture.get<{ items: Violation[] }>(`/api/v1/violations?${query}`)).items;

describe('a round of observation', () => {
  test('opens a violation and an incident, keeps them while it fires, resolves and clears them', async () => {
    answerWith({ checkout: 0.2, search: 0.01 });
    await fixture.cycle();
    await expect
      .poll(() => fixture.told('checkout'))
      .toMatchObject({
        state: 'firing',
        rule: 'error_rate',
        value: 0.2,
        threshold: 0.05,
        episode: 1,
        revision: 1,
        source: 'prometheus',
        query: 'error_rate',
      });
    answerWith({ checkout: 0.03, search: 0.01 });
    await fixture.cycle();
    expect(await listed('component=checkout')).toMatchObject([{ state: 'firing', revision: 1 }]);
    answerWith({ checkout: 0.01, search: 0.01 });
    await fixture.cycle();
    await expect.poll(() => fixture.told('checkout')).toMatchObject({ state: 'resolved', revision: 2 });
    const events = () =>
      fixture.timeline.filter(({ incidentId }) => incidentId === fixture.told('checkout')?.incidentId);
    await expect
      .poll(() => events().map(({ event }) => event), { timeout: 5_000 })
      .toEqual(['incident-opened', 'violation-changed', 'incident-cleared']);
    expect(events()[0]?.text).toBe(
      'Incident opened: error_rate (warning) fires, told by a query: error_rate_value of checkout is 0.2 (limit: > 0.05).',
    );
    expect(fixture.told('search')).toBeUndefined();
  });

  test('starts a new episode and a new incident when it fires again after that', async () => {
    const before = fixture.told('checkout');
    answerWith({ checkout: 0.9 });
    await fixture.cycle();
    await expect.poll(() => fixture.told('checkout')).toMatchObject({ state: 'firing', episode: 2, revision: 1 });
    const after = fixture.told('checkout');
    expect(after?.fingerprint).toBe(before?.fingerprint);
    expect(after?.id).not.toBe(before?.id);
    expect(after?.incidentId).not.toBe(before?.incidentId);
  });

  const broken: [string, string, Endpoint['answer']][] = [
    ['an empty vector', 'empty', json(vectorOf({}))],
    ['NaN', 'nan', json(vectorOf({ checkout: 'NaN' }))],
    ['an infinity', 'infinite', json(vectorOf({ checkout: '-Inf' }))],
    ['warnings', 'partial', json({ ...vectorOf({ checkout: 0 }), warnings: ['store unreachable'] })],
    ['a stale sample', 'stale', json(vectorOf({ checkout: 0 }, Date.now() / 1_000 - 3_000))],
    ['a sample from the future', 'skewed', json(vectorOf({ checkout: 0 }, Date.now() / 1_000 + 3_000))],
    [
      'a series without the component label',
      'unnamed',
      json(JSON.parse(JSON.stringify(vectorOf({ checkout: 0 })).replace('component', 'pod'))),
    ],
    ['another component only', 'absent', json(vectorOf({ search: 0 }))],
    ['422', 'rejected', json({ status: 'error', errorType: 'execution', error: 'too many samples' }, 422)],
    ['503', 'unavailable', json({ status: 'error', errorType: 'timeout', error: 'query timed out' }, 503)],
    [
      'an HTML error of a gateway',
      'unavailable',
      (response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>'),
    ],
    ['HTML with status 200', 'malformed', (response) => void response.end('<html>login</html>')],
    ['cut JSON', 'malformed', (response) => void response.end('{"status":"success","data":{"resultT')],
    ['a connection that breaks', 'unavailable', (response) => void response.destroy()],
    ['no answer at all', 'timeout', () => undefined],
  ];
  test.for(broken)('%s is recorded as inconclusive and changes nothing', async ([, reason, answer]) => {
    answerWith({ checkout: 0.9 });
    await fixture.cycle();
    const before = await listed('component=checkout&state=firing');
    prometheus.answer = answer;
    await expect
      .poll(
        async () => {
          await fixture.cycle();
          const { items } = await fixture.get<{ items: { lastEvaluation: { result: string; reason: string } }[] }>(
            '/api/v1/rules',
          );
          return items[0]?.lastEvaluation;
        },
        { timeout: 15_000 },
      )
      .toMatchObject({ result: 'inconclusive', reason });
    const signals = await fixture.get<{ items: { verdict: string; phase: string }[] }>(
      '/api/v1/signals?component=checkout',
    );
    expect(signals.items).toMatchObject([{ verdict: 'inconclusive', phase: 'firing' }]);
    expect(await listed('component=checkout&state=firing')).toEqual(before);
    await expect
      .poll(
        async () => {
          answerWith({ checkout: 0.9 });
          await fixture.cycle();
          return (await fixture.get<{ items: { verdict: string }[] }>('/api/v1/signals?component=checkout')).items[0]
            ?.verdict;
        },
        { timeout: 10_000 },
      )
      .toBe('breach');
  });

  test('a rule that leaves the pack takes its violations with it', async () => {
    await fixture.activate([rule('latency', { query: 'latency', threshold: 1 })]);
    answerWith({ checkout: 0.1 });
    await fixture.cycle();
    await expect.poll(() => fixture.told('checkout')).toMatchObject({ state: 'resolved', rule: 'error_rate' });
    await fixture.activate([errorRate]);
  });
});

describe('the webhook', () => {
  test('acts at once, without a cycle, and stores before it answers', async () => {
    const labels = { alertname: 'DiskFull', service: 'storage', severity: 'critical', instance: 'a' };
    const response = await fixture.post('/webhooks/alerts', webhookCall('firing', [labels], { extra: { later: 1 } }));
    expect(response.status).toBe(202);
    await expect
      .poll(() => fixture.told('storage'))
      .toMatchObject({
        rule: 'DiskFull',
        severity: 'critical',
        source: 'alertmanager',
        query: null,
        value: null,
        startedAt: '2026-01-01T00:00:00.000Z',
        description: 'DiskFull is wrong',
      });
  });

  test('the same alerts from a second Alertmanager, and again, are one violation', async () => {
    const labels = { alertname: 'DiskFull', service: 'storage', severity: 'critical', instance: 'a' };
    const second = webhookCall('firing', [labels], { externalURL: 'http://other.test:9093' });
    expect((await fixture.post('/webhooks/alerts', second)).status).toBe(202);
    expect((await fixture.post('/webhooks/alerts', second)).status).toBe(202);
    await expect
      .poll(
        async () =>
          (await (await fetch(`${fixture.monitor.url}/metrics`)).text()).match(/intake_drained_total (\d+)/)?.[1],
      )
      .toBe('3');
    expect(await listed('component=storage')).toMatchObject([{ episode: 1, revision: 1, state: 'firing' }]);
  });

  test('a violation fires while any of its alerts does', async () => {
    const one = { alertname: 'DiskFull', service: 'storage', severity: 'critical', instance: 'a' };
    const two = { ...one, instance: 'b' };
    await fixture.post('/webhooks/alerts', webhookCall('firing', [two]));
    await fixture.post('/webhooks/alerts', webhookCall('resolved', [one]));
    await fixture.post('/webhooks/alerts', webhookCall('firing', [one]));
    await fixture.post('/webhooks/alerts', webhookCall('firing', [{ alertname: 'Marker', job: 'marker' }]));
    await expect.poll(() => fixture.told('marker')).toBeDefined();
    expect(await listed('component=storage')).toMatchObject([{ state: 'firing' }]);
    await fixture.post('/webhooks/alerts', webhookCall('resolved', [two]));
    await expect.poll(() => fixture.told('storage')).toMatchObject({ state: 'resolved' });
  });

  test('firing and resolved in one breath are an episode all the same', async () => {
    const labels = { alertname: 'Blip', component: 'blip' };
    await Promise.all([
      fixture.post('/webhooks/alerts', webhookCall('firing', [labels])),
      fixture.post('/webhooks/alerts', webhookCall('resolved', [labels])),
    ]);
    await expect
      .poll(() => fixture.violations.filter(({ component }) => component === 'blip').map(({ state }) => state))
      .toEqual(['firing', 'resolved']);
  });

  test('an alert that names a rule of the pack is evidence of the violation its query raised', async () => {
    answerWith({ cart: 0.5 });
    await fixture.cycle();
    const labels = { alertname: 'CartErrors', charter_rule: 'error_rate', component: 'cart' };
    await fixture.post('/webhooks/alerts', webhookCall('firing', [labels]));
    await fixture.post('/webhooks/alerts', webhookCall('firing', [{ alertname: 'Marker', job: 'marker-2' }]));
    await expect.poll(() => fixture.told('marker-2')).toBeDefined();
    expect(await listed('component=cart')).toHaveLength(1);
    answerWith({ cart: 0 });
    await fixture.cycle();
    await expect.poll(() => fixture.told('cart')).toMatchObject({ state: 'resolved', query: 'error_rate' });
    await fixture.post('/webhooks/alerts', webhookCall('firing', [labels]));
    await fixture.post('/webhooks/alerts', webhookCall('firing', [{ alertname: 'Marker', job: 'marker-3' }]));
    await expect.poll(() => fixture.told('marker-3')).toBeDefined();
    expect(await listed('component=cart')).toHaveLength(1);
  });

  test.for([
    ['no JSON', '{"version":'],
    ['an array', '[]'],
    ['another version', JSON.stringify({ ...webhookCall('firing', []), version: '3' })],
    ['alerts that are no list', JSON.stringify({ ...webhookCall('firing', []), alerts: {} })],
    [
      'a time that is none',
      JSON.stringify({ version: '4', alerts: [{ status: 'firing', labels: {}, startsAt: 'now' }] }),
    ],
    [
      'a label that is no text',
      JSON.stringify({
        version: '4',
        alerts: [{ status: 'firing', labels: { a: 1 }, startsAt: '2026-01-01T00:00:00Z' }],
      }),
    ],
  ])('%s is refused as a problem of the caller', async ([, body]) => {
    const response = await fixture.post('/webhooks/alerts', body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  test('labels that Postgres or the contract could not hold are kept as far as possible', async () => {
    const labels = { alertname: 'Odd', component: 'odd\0\ud800', long: 'x'.repeat(5_000) };
    const body = webhookCall('firing', [labels]);
    expect((await fixture.post('/webhooks/alerts', body)).status).toBe(202);
    await expect
      .poll(() => fixture.violations.find((violation) => violation.rule === 'Odd'))
      .toMatchObject({
        component: 'odd\ufffd\ufffd',
        labels: { long: 'x'.repeat(2_000) },
      });
  });
});

describe('an enforcement event of the charter', () => {
  const event = (state: 'firing' | 'resolved', fields: Partial<Signal> = {}): Signal => ({
    rule: 'forbidden-metric',
    component: 'collector',
    environment: 'test',
    metric: 'policy_violations',
    severity: 'critical',
    state,
    value: 12,
    threshold: null,
    labels: { metric_name: 'user_location\ud800' },
    description: 'user_location was sent five times',
    at: new Date().toISOString(),
    ...fields,
  });

  test('is a violation on the same path, against the threshold of its kind, until it is taken back', async () => {
    await fixture.signal(event('firing', { environment: 'another', component: 'foreign' }));
    await fixture.signal(event('firing'));
    await expect
      .poll(() => fixture.told('collector'))
      .toMatchObject({
        source: 'charter',
        state: 'firing',
        severity: 'critical',
        value: 12,
        threshold: 10,
        labels: { metric_name: 'user_location\ufffd' },
      });
    await fixture.cycle();
    expect(await listed('component=collector')).toMatchObject([{ state: 'firing', revision: 1 }]);
    await fixture.signal(event('resolved'));
    await expect.poll(() => fixture.told('collector')).toMatchObject({ state: 'resolved', revision: 2 });
    expect(fixture.told('foreign')).toBeUndefined();
  });
});

describe('a restart', () => {
  test('without a charter keeps the last good pack, what fires and what was heard', async () => {
    answerWith({ checkout: 0.9 });
    await fixture.cycle();
    const before = await listed('state=firing');
    expect(before.length).toBeGreaterThan(0);
    await fixture.restart({ CHARTER_URL: 'http://127.0.0.1:9' });
    expect((await fixture.get<{ items: { name: string }[] }>('/api/v1/rules')).items.map(({ name }) => name)).toEqual([
      'error_rate',
    ]);
    await fixture.cycle();
    expect(await listed('state=firing')).toEqual(before);
  });
});
