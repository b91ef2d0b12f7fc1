import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Violation } from '@charter/shared/contracts';
import { type ConfiguredServer, startTestAlertmanager, startTestPrometheus } from '@charter/stack/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Endpoint, type MonitorFixture, rule, startEndpoint, startFixture } from './monitor-fixture.ts';

/** The system under observation: two components whose error rate a test sets. */
const errorRate = { checkout: 0, search: 0 };
let folder: string;
let exposition: Endpoint;
let webhook: Endpoint;
let alertmanagers: ConfiguredServer[];
let prometheus: ConfiguredServer;
let fixture: MonitorFixture;
let isDeaf = false;

const alertmanagerConfig = (maxAlerts: number) => `
route: {receiver: charter, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: charter
    webhook_configs: [{url: '${webhook.url}/webhooks/alerts', send_resolved: true, max_alerts: ${String(maxAlerts)}}]
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-monitor-'));
  exposition = await startEndpoint((response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    const lines = Object.entries(errorRate).map(([name, rate]) => `error_rate{component="${name}"} ${String(rate)}`);
    response.end(`${lines.join('\n')}\n`);
  });
  webhook = await startEndpoint((response) => void response.writeHead(503).end());
  alertmanagers = await Promise.all([
    startTestAlertmanager(alertmanagerConfig(2)),
    startTestAlertmanager(alertmanagerConfig(0)),
  ]);
  const rules = join(folder, 'rules.yml');
  await writeFile(
    rules,
    `groups: [{name: shop, interval: 1s, rules: [{alert: Errors, expr: 'error_rate > 0.5', labels: {severity: critical}}]}]`,
  );
  prometheus = await startTestPrometheus(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ['${rules}']
alerting: {alertmanagers: [{static_configs: [{targets: [${alertmanagers.map(({ url }) => `'${new URL(url).host}'`).join(',')}]}]}]}
scrape_configs: [{job_name: shop, static_configs: [{targets: ['${new URL(exposition.url).host}']}]}]
`);
  fixture = await startFixture({
    PROMETHEUS_URL: prometheus.url,
    ALERTMANAGER_URL: alertmanagers[0]?.url ?? '',
    MONITOR_ALERTMANAGERS: alertmanagers[1]?.url ?? '',
    MONITOR_INCIDENT_QUIET: '1s',
    MONITOR_FLAP_TRANSITIONS: '50',
  });
  webhook.forward = (body) =>
    isDeaf ? Promise.resolve(200) : fixture.post('/webhooks/alerts', body).then(({ status }) => status);
});

afterAll(async () => {
  await fixture.close();
  await Promise.all([
    prometheus.stop(),
    ...alertmanagers.map((each) => each.stop()),
    exposition.close(),
    webhook.close(),
  ]);
  await rm(folder, { recursive: true, force: true });
});

const listed = async (query: string): Promise<Violation[]> =>
  (await fixture.get<{ items: Violation[] }>(`/api/v1/violations?${query}`)).items;

const toAlertmanager = (which: number, path: string, body: unknown) =>
  fetch(`${alertmanagers[which]?.url}/api/v2/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

test('a metric that breaks its threshold is a violation within 5 s by webhook alone, one for two Alertmanagers', async () => {
  errorRate.checkout = 0.9;
  await expect
    .poll(() => fixture.told('checkout'), { timeout: 15_000, interval: 20 })
    .toMatchObject({ rule: 'Errors', state: 'firing' });
  const { startedAt = '', detectedAt = '' } = fixture.told('checkout') ?? {};
  expect(Date.parse(detectedAt) - Date.parse(startedAt)).toBeLessThan(5_000);
  await expect
    .poll(
      async () =>
        (await (await fetch(`${fixture.monitor.url}/metrics`)).text()).match(/intake_drained_total (\d+)/)?.[1],
      { timeout: 10_000 },
    )
    .toBe('2');
  expect(await listed('component=checkout')).toMatchObject([{ episode: 1, revision: 1 }]);
});

test('a silence holds the alert back, and its end lets it go', async () => {
  const now = Date.now();
  const response = await toAlertmanager(0, 'silences', {
    matchers: [{ name: 'component', value: 'check.*', isRegex: true, isEqual: true }],
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + 600_000).toISOString(),
    createdBy: 'a person',
    comment: 'known',
  });
  const { silenceID } = (await response.json()) as { silenceID: string };
  await expect
    .poll(
      async () => {
        await fixture.cycle();
        return fixture.told('checkout')?.suppressed;
      },
      { timeout: 10_000 },
    )
    .toEqual({ by: 'silence', reference: silenceID });
  await fetch(`${alertmanagers[0]?.url}/api/v2/silence/${silenceID}`, { method: 'DELETE' });
  await expect
    .poll(
      async () => {
        await fixture.cycle();
        return fixture.told('checkout')?.suppressed;
      },
      { timeout: 10_000 },
    )
    .toBeNull();
});

test('an end whose webhook is lost is found by the next round', async () => {
  isDeaf = true;
  errorRate.checkout = 0;
  await expect
    .poll(
      async () => {
        await fixture.cycle();
        return fixture.told('checkout')?.state;
      },
      { timeout: 15_000 },
    )
    .toBe('resolved');
});

test('an alert whose webhook is lost is found by the next round', async () => {
  errorRate.search = 0.9;
  await expect
    .poll(
      async () => {
        await fixture.cycle();
        return fixture.told('search');
      },
      { timeout: 15_000 },
    )
    .toMatchObject({ rule: 'Errors', state: 'firing', source: 'alertmanager' });
  isDeaf = false;
});

test('alerts that Alertmanager left out of its call are completed from its API', async () => {
  const startsAt = new Date().toISOString();
  const pods = ['p1', 'p2', 'p3', 'p4', 'p5'];
  await toAlertmanager(
    0,
    'alerts',
    pods.map((component) => ({ startsAt, labels: { alertname: 'PodDown', component } })),
  );
  for (const pod of pods)
    await expect.poll(() => fixture.told(pod), { timeout: 10_000 }).toMatchObject({ rule: 'PodDown' });
});

test('a rule of the pack is read from Prometheus, and verification finds its query', async () => {
  await fixture.activate([rule('search_errors', { query: 'error_rate', threshold: 0.5, severity: 'critical' })]);
  await fixture.cycle();
  await expect
    .poll(() => fixture.violations.find((told) => told.rule === 'search_errors'))
    .toMatchObject({
      component: 'search',
      value: 0.9,
      query: 'error_rate',
      source: 'prometheus',
    });
  const joined = await listed('component=search&state=firing');
  expect(new Set(joined.map(({ incidentId }) => incidentId)).size).toBe(1);
});

test('a query that Prometheus refuses is inconclusive, its text in the record', async () => {
  await fixture.activate([rule('wrong', { query: 'rate(error_rate', threshold: 1 })]);
  await fixture.cycle();
  const { items } = await fixture.get<{ items: unknown[] }>('/api/v1/rules');
  expect(items).toMatchObject([
    { lastEvaluation: { result: 'inconclusive', reason: 'rejected', detail: expect.stringContaining('parse error') } },
  ]);
});

test('with Prometheus gone nothing changes, and the record says why', async () => {
  await fixture.activate([rule('search_errors', { query: 'error_rate', threshold: 0.5, severity: 'critical' })]);
  await fixture.cycle();
  await expect.poll(() => listed('component=search&state=firing&limit=1')).toMatchObject([{ rule: 'search_errors' }]);
  const before = await listed('component=search&state=firing');
  await prometheus.stop();
  await fixture.cycle();
  await fixture.cycle();
  expect(await listed('component=search&state=firing')).toEqual(before);
  expect((await fixture.get<{ items: unknown[] }>('/api/v1/rules')).items).toMatchObject([
    { lastEvaluation: { result: 'inconclusive', reason: 'unavailable' } },
  ]);
});
