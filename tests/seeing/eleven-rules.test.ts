import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { callService, startInProcess } from '@charter/launcher';
import type { RunningService } from '@charter/service';
import { freePort } from '@charter/stack';
import { type ConfiguredServer, startTestAlertmanager, startTestPrometheus } from '@charter/stack/testing';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { deploy } from '../deploy/checkers.ts';
import { hurriedAlertmanager, hurriedPrometheus, hurriedRules } from './hurried-rules.ts';

/** Which receiver each alert is for. */
const receivers = {
  CriticalViolationDetected: 'critical-security',
  ForbiddenMetricSpike: 'security-warnings',
  ValidationLatencySLAViolation: 'sre-warnings',
  PolicyLoadFailure: 'critical-security',
  EmergencyOverrideStayingActive: 'critical-security',
  CommitteeOverloaded: 'security-warnings',
  CommitteeNotificationLatencySLA: 'sre-warnings',
  DataRevocationSLAViolation: 'sre-warnings',
  PolicyLoadFrequencyAnomaly: 'sre-warnings',
  HighViolationInvestigationRate: 'info-alerts',
  UnusualDataRevocationActivity: 'security-warnings',
};
type Alert = keyof typeof receivers;

const environment = 'development';
const committeeMs = 1_300;
const heard = new Map<string, string>();
const servers: Server[] = [];
let isPrometheusAway = true;
let folder: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let prometheus: ConfiguredServer;
let alertmanager: ConfiguredServer;
let services: RunningService[] = [];
let charter = '';
let monitor = '';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `127.0.0.1:${String(port)}`;
}

/** What Alertmanager calls: notes who was told what, and hands it on to Monitor. */
const onWebhook: RequestListener = (request, response) => {
  void (async () => {
    const body = await text(request);
    const call = JSON.parse(body) as { receiver: string; alerts: { labels: { alertname: string } }[] };
    for (const { labels } of call.alerts) heard.set(labels.alertname, call.receiver);
    const answer = await fetch(`${monitor}/webhooks/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    }).catch(() => null);
    response.writeHead(answer?.status ?? 503).end();
  })();
};

/** A committee that takes its time. */
const onNotice: RequestListener = (request, response) => {
  request.resume();
  setTimeout(() => response.writeHead(200).end(), committeeMs);
};

/** Prometheus as the charter reaches it, which at first it does not. */
const onQuery: RequestListener = (request, response) => {
  void (async () => {
    const answer = isPrometheusAway ? null : await fetch(new URL(request.url ?? '', prometheus.url));
    response.writeHead(answer?.status ?? 503, { 'content-type': 'application/json' });
    response.end(answer ? await answer.text() : '');
  })();
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-rules-'));
  database = await createTestDatabase(inject('postgresUrl'));
  const port = await freePort();
  await writeFile(join(folder, 'charter.yml'), (await hurriedRules()).text);
  alertmanager = await startTestAlertmanager(await hurriedAlertmanager(await serve(onWebhook)));
  const charterAddress = `127.0.0.1:${String(port)}`;
  prometheus = await startTestPrometheus(
    await hurriedPrometheus(folder, charterAddress, new URL(alertmanager.url).host),
  );
  const common = {
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: `{rules-${String(port)}}`,
    CHARTER_ENVIRONMENT: environment,
    CHARTER_STATE_DIR: folder,
    CHARTER_URL: `http://${charterAddress}`,
    ALERTMANAGER_URL: alertmanager.url,
    LOG_LEVEL: 'silent',
  };
  const started = await startInProcess(['charter'], {
    ...common,
    PORT: String(port),
    PROMETHEUS_URL: `http://${await serve(onQuery)}`,
    CHARTER_COMMITTEE_WEBHOOK: `http://${await serve(onNotice)}`,
  });
  const watching = await startInProcess(['monitor'], { ...common, PORT: '0', PROMETHEUS_URL: prometheus.url });
  services = [...started, ...watching];
  charter = `${started[0]?.url ?? ''}/api/v1`;
  monitor = watching[0]?.url ?? '';
}, 120_000);

afterAll(async () => {
  for (const service of services.toReversed()) await service.close();
  await Promise.all([prometheus.stop(), alertmanager.stop()]);
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await database.drop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const post = (path: string, body: unknown) => callService(`${charter}/${path}`, { method: 'POST', body });

/** Labels by the thousand: a sample that takes long to look at. */
const heavyLabels = Object.fromEntries(Array.from({ length: 2_000 }, (_, index) => [`label_${String(index)}`, 'x']));

/** The committee is told as a metric climbs the ladder: several of them climb one after the other. */
const forbiddenMetrics = ['user_location', 'user_identity', 'browsing_history', 'device_hardware_id'];

function samples(round: number) {
  const sample = (source: string, labels = {}) => ({
    metric_name: forbiddenMetrics[Math.floor(round / roundsOfMetric) % forbiddenMetrics.length],
    value: 1,
    timestamp: new Date().toISOString(),
    source,
    labels,
  });
  const forbidden = Array.from({ length: 24 }, (_, index) => sample(`sensor-${String(index % 8)}`));
  return [...forbidden, sample('sensor-0', heavyLabels), sample('sensor-1', heavyLabels)];
}

const roundsOfMetric = 6;

const investigation = {
  violation_type: 'silent_collection',
  severity: 'WARNING',
  node_or_service: 'node-9',
  summary: 'looked into',
};
const revocation = { reason: 'consent withdrawn', scope: { metric: 'never_collected', source: 'sensor-1' } };

/** One moment of an installation in which everything goes wrong at once. */
async function misbehave(policy: string, round: number): Promise<void> {
  await post('metrics/validate-batch', { metrics: samples(round) });
  await Promise.all(Array.from({ length: 8 }, () => post('investigations', investigation)));
  await post('revocations', revocation);
  await post('policies/apply', { policy: policy.replace('"1.0.0"', `"1.0.${String(round)}"`) });
}

async function misbehaveUntil(isOver: () => boolean, withinMs: number): Promise<void> {
  const policy = await readFile(deploy('policies/development.yaml'), 'utf8');
  const begun = performance.now();
  for (let round = 1; !isOver() && performance.now() - begun < withinMs; round += 1) {
    isPrometheusAway = performance.now() - begun < 6_000;
    await misbehave(policy, round);
    await new Promise((next) => setTimeout(next, 500));
  }
}

const told = (alerts: readonly Alert[]) => alerts.filter((alert) => heard.get(alert) === receivers[alert]);

test('each of the eleven alerts goes from the charter through Prometheus and Alertmanager to its receiver and Monitor', async () => {
  const all = Object.keys(receivers) as Alert[];
  expect((await hurriedRules()).alerts.toSorted()).toEqual(all.toSorted());
  // These two silence others while they fire, so they come last.
  const atOnce = all.filter((alert) => !['PolicyLoadFailure', 'EmergencyOverrideStayingActive'].includes(alert));
  await misbehaveUntil(() => told(atOnce).length === atOnce.length, 60_000);
  expect(told(atOnce)).toEqual(atOnce);

  await post('overrides', { reason: 'a drill', match: { actions: ['SCALE_UP'] }, ttlSeconds: 600 });
  await expect.poll(() => told(all), { timeout: 45_000, interval: 250 }).toEqual(all);

  const violations = async () => {
    const url = `${monitor}/api/v1/violations?limit=100`;
    const { items } = await callService<{ items: { rule: string; source: string }[] }>(url);
    return [...new Set(items.filter(({ source }) => source === 'alertmanager').map(({ rule }) => rule))].toSorted();
  };
  await expect.poll(violations, { timeout: 10_000 }).toEqual(all.toSorted());
}, 150_000);
