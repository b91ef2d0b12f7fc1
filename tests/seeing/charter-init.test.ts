import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { init, initOptionsFrom, splitComparison } from '@charter/cli';
import { callService, startInProcess } from '@charter/launcher';
import type { RunningService } from '@charter/service';
import { freePort } from '@charter/stack';
import { type ConfiguredServer, startTestAlertmanager, startTestPrometheus } from '@charter/stack/testing';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const rules = `
groups:
  - name: shop
    interval: 1s
    rules:
      - { alert: HighErrorRate, expr: 'error_rate > 0.5', for: 2m, labels: { severity: critical }, annotations: { summary: Many requests fail } }
      - { alert: SlowAndBusy, expr: 'latency > 1 and busy > 0.8', labels: { severity: warning } }
      - { alert: ShopDown, expr: 'absent(up{job="shop"})', labels: { severity: page } }
      - { alert: Watchdog, expr: 'vector(1)', labels: { severity: none } }
`;

let folder: string;
let shop: Server;
let prometheus: ConfiguredServer;
let alertmanager: ConfiguredServer;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let services: RunningService[];
let charter: string;
let monitor: string;

async function listening(server: Server): Promise<string> {
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `127.0.0.1:${String(port)}`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'charter-init-'));
  shop = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    response.end('error_rate{component="checkout"} 0.1\nerror_rate{component="search"} 0.2\n');
  });
  const address = await listening(shop);
  await writeFile(join(folder, 'rules.yml'), rules);
  prometheus = await startTestPrometheus(
    `global: {scrape_interval: 1s}\nrule_files: ['${folder}/rules.yml']\nscrape_configs: [{job_name: shop, static_configs: [{targets: ['${address}']}]}]\n`,
  );
  alertmanager = await startTestAlertmanager('route: {receiver: people}\nreceivers: [{name: people}]\n');
  database = await createTestDatabase(inject('postgresUrl'));
  const port = await freePort();
  charter = `http://127.0.0.1:${String(port)}`;
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: `{init-${String(port)}}`,
    CHARTER_ENVIRONMENT: 'staging',
    CHARTER_STATE_DIR: folder,
    CHARTER_URL: charter,
    PROMETHEUS_URL: prometheus.url,
    ALERTMANAGER_URL: alertmanager.url,
    LOG_LEVEL: 'silent',
  };
  services = [
    ...(await startInProcess(['charter'], { ...environment, PORT: String(port) })),
    ...(await startInProcess(['monitor'], { ...environment, PORT: '0' })),
  ];
  monitor = services[1]?.url ?? '';
}, 90_000);

afterAll(async () => {
  for (const service of services.toReversed()) await service.close();
  await Promise.all([prometheus.stop(), alertmanager.stop()]);
  shop.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function run(changed: Record<string, string> = {}): Promise<{ works: boolean; said: string; pack: string }> {
  const out = join(folder, 'pack.yaml');
  const flags = {
    prometheus: prometheus.url,
    alertmanager: alertmanager.url,
    monitor,
    out,
    environment: 'staging',
    wait: '15',
    ...changed,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const lines: string[] = [];
  const works = await init(initOptionsFrom(['init', ...args]), (line) => lines.push(line));
  return { works, said: lines.join('\n'), pack: await readFile(out, 'utf8') };
}

test('it reads what is there, and the pack it writes is activated and looked at by Monitor', async () => {
  const scraped = async () => (await (await fetch(`${prometheus.url}/api/v1/query?query=error_rate`)).text()).length;
  await expect.poll(scraped, { timeout: 15_000 }).toBeGreaterThan(150);
  const { works, said, pack } = await run();
  expect(said).toContain('4 alerting rules');
  expect(said).toContain('scrapes shop: 1 instance');
  expect(said).toContain('Left out       Watchdog');
  expect(said).toContain(`${monitor}/webhooks/alerts`);
  expect(works).toBe(false);
  expect(said).toContain('not yet, no receiver of Alertmanager calls Monitor yet');

  const body = { name: 'first', environment: 'staging', source: pack };
  const { id } = await callService<{ id: string }>(`${charter}/api/v1/packs`, { method: 'POST', body });
  await callService(`${charter}/api/v1/packs/${id}/activate`, { method: 'POST', body: {} });
  const watched = async () =>
    (await callService<{ items: unknown[]; packId: string }>(`${monitor}/api/v1/rules`)).items;
  await expect.poll(watched, { timeout: 15_000 }).toHaveLength(3);
  expect(await watched()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'HighErrorRate', query: 'error_rate', threshold: 0.5, forSeconds: 120 }),
      expect.objectContaining({ name: 'SlowAndBusy', query: null, severity: 'warning' }),
      expect.objectContaining({ name: 'ShopDown', query: null, severity: 'critical' }),
    ]),
  );
  const asked = { action: 'RESTART_SERVICE', target: 'checkout' };
  const decision = await callService(`${charter}/api/v1/decisions`, { method: 'POST', body: asked });
  expect(decision).toMatchObject({ automation: 'observe' });
}, 60_000);

test('once its snippet is pasted, a test alert goes the whole way and leaves no violation', async () => {
  const webhook = `webhook_configs: [{url: '${monitor}/webhooks/alerts', send_resolved: true, max_alerts: 0}]`;
  await alertmanager.reload(
    `route: {receiver: people, routes: [{receiver: charter, group_wait: 100ms, continue: true}]}\nreceivers: [{name: people}, {name: charter, ${webhook}}]\n`,
  );
  const { works, said } = await run();
  expect(said).toContain('works, a test alert reached Monitor');
  expect(works).toBe(true);
  const { items } = await callService<{ items: unknown[] }>(`${monitor}/api/v1/violations`);
  expect(items).toEqual([]);
}, 60_000);

test('what it cannot use is named with the reason', async () => {
  const closed = `http://127.0.0.1:${String(await freePort())}`;
  await expect(run({ prometheus: closed })).rejects.toThrow(`Prometheus does not answer at ${closed}: ECONNREFUSED`);
  const page = createServer((_request, response) => response.end('<html>Sign in</html>'));
  const url = `http://${await listening(page)}`;
  await expect(run({ prometheus: url })).rejects.toThrow(`${url} is no Prometheus`);
  await expect(run({ alertmanager: url })).rejects.toThrow(`${url} is no Alertmanager`);
  page.close();
  await expect(run({ prometheus: prometheus.url, alertmanager: prometheus.url })).rejects.toThrow(
    'Alertmanager answers 404',
  );
  expect(() => initOptionsFrom(['init', '--prometheus', 'x'])).toThrow('--prometheus is no URL: x');
  expect(() => initOptionsFrom(['init'])).toThrow('--prometheus is missing');
  expect(() => initOptionsFrom(['begin'])).toThrow('Usage');
});

describe('an expression is a query with a threshold', () => {
  test.each([
    ['error_rate > 0.5', 'error_rate', '>', 0.5],
    ['sum by (job) (rate(errors{code=~"5.."}[5m])) / on (job) total >= 1e-2', null, '>=', 0.01],
    ['up == 0', 'up', '==', 0],
    ['delta(x[5m]) < -3', 'delta(x[5m])', '<', -3],
    ['sum(x > bool 3) > 2', 'sum(x > bool 3)', '>', 2],
  ])('%s', (expression, query, comparator, threshold) => {
    expect(splitComparison(expression)).toMatchObject({ comparator, threshold, ...(query === null ? {} : { query }) });
  });

  test.each([
    'absent(up)',
    'a > 1 and b > 2',
    'a > 1 or b',
    'a > b',
    'a > bool 1',
    '1 < a < 3',
    'a > 1 unless b',
    'a{x=">"}',
    '0.5 < a',
    'a > 2 * 3',
  ])('but not %s', (expression) => {
    expect(splitComparison(expression)).toBeNull();
  });
});
