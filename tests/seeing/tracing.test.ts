import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activateDemoPack, freePortBase, startInProcess, urlFor } from '@charter/launcher';
import type { RunningService } from '@charter/service';
import { startTraceReceiver } from '@charter/service/testing';
import { traceparentOfIncident } from '@charter/shared/contracts';
import { type ConfiguredServer, startTestPrometheus } from '@charter/stack/testing';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

const names = ['charter', 'orchestrator', 'knowledge', 'execute', 'plan', 'analyze', 'monitor'] as const;

let folder: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let receiver: Awaited<ReturnType<typeof startTraceReceiver>>;
let prometheus: ConfiguredServer;
let services: RunningService[];
let base: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-tracing-'));
  database = await createTestDatabase(inject('postgresUrl'));
  receiver = await startTraceReceiver();
  prometheus = await startTestPrometheus('global: {scrape_interval: 1m}\n');
  base = await freePortBase();
  services = await startInProcess(names, {
    ...Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_URL`, urlFor(name, base)])),
    CHARTER_PORT_BASE: String(base),
    PROMETHEUS_URL: prometheus.url,
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: `{tracing-${String(base)}}`,
    CHARTER_ENVIRONMENT: 'demo',
    CHARTER_STATE_DIR: folder,
    LOG_LEVEL: 'silent',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
  });
  await activateDemoPack(urlFor('charter', base), 'http://127.0.0.1:9');
}, 60_000);

afterAll(async () => {
  await prometheus.stop();
  await receiver.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test('an incident is one trace through every stage, its queues and the calls between services', async () => {
  const monitor = urlFor('monitor', base);
  const alert = {
    status: 'firing',
    labels: { alertname: 'Odd', component: 'ledger', severity: 'critical' },
    startsAt: new Date().toISOString(),
  };
  const sent = await fetch(`${monitor}/webhooks/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version: '4', alerts: [alert] }),
  });
  expect(sent.status).toBe(202);

  const outcomes = async () =>
    (
      (await (await fetch(`${urlFor('knowledge', base)}/api/v1/outcomes`)).json()) as {
        items: { incidentId: string }[];
      }
    ).items;
  await expect.poll(outcomes, { timeout: 30_000, interval: 100 }).not.toEqual([]);
  const incidentId = (await outcomes())[0]?.incidentId ?? '';
  for (const service of services.toReversed()) await service.close();

  const [, traceId, rootId] = traceparentOfIncident(incidentId).split('-');
  const ours = receiver.spans.filter((span) => span.traceId === traceId);
  const seen = new Set(ours.map(({ service, name }) => `${service}: ${name}`));
  expect([...seen]).toEqual(
    expect.arrayContaining([
      'charter-monitor: incident',
      'charter-analyze: violations process',
      'charter-plan: analyses process',
      'charter-knowledge: outcomes process',
      'charter-orchestrator: timeline process',
    ]),
  );
  expect(ours.find(({ name }) => name === 'incident')).toMatchObject({ spanId: rootId, parentSpanId: '' });
  const known = new Set(ours.map(({ spanId }) => spanId));
  expect(ours.filter(({ parentSpanId }) => parentSpanId !== '' && !known.has(parentSpanId))).toEqual([]);

  const call = ours.find(({ service, name }) => service === 'charter-plan' && /^(GET|POST)$/.test(name));
  expect(call, 'plan asks other services as part of the incident').toBeDefined();
  expect(ours.filter(({ parentSpanId }) => parentSpanId === call?.spanId).map(({ service }) => service)).toHaveLength(
    1,
  );
}, 60_000);
