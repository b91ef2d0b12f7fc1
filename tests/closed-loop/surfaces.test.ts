import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { callService, type ServiceName, serviceNames } from '@charter/launcher';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { panelQueries } from '../deploy/panel-queries.ts';
import { healMs, type RunningLoop, startLoop } from './running-loop.ts';

let loop: RunningLoop;

beforeAll(async () => {
  loop = await startLoop();
}, 240_000);

afterAll(() => loop.stop(), 60_000);

describe.each(serviceNames)('%s', (name: ServiceName) => {
  const at = (path: string) => `${loop.installation.url(name)}${path}`;

  test('answers the operations of every service', async () => {
    for (const path of ['/health', '/ready', '/-/healthy', '/-/ready', '/openapi.json', '/docs/']) {
      expect((await fetch(at(path))).status, path).toBe(200);
    }
  });

  test('exposes metrics without a finding of promtool', async () => {
    const metrics = await (await fetch(at('/metrics'))).text();
    const { promtool } = loop.installation.stack.binaries;
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });

  test('says problem+json for what it does not know', async () => {
    const response = await fetch(at('/api/v1/no-such-thing'));
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/problem+json');
  });
});

test.each([
  ['no JSON', '{'],
  ['another shape', '{"alerts": 7}'],
  ['nothing', ''],
])('a webhook body that is %s is refused as a problem, and the next one is taken', async (_what, body) => {
  const url = `${loop.installation.url('monitor')}/webhooks/alerts`;
  const post = (text: string) =>
    fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
  const refused = await post(body);
  expect(refused.status).toBe(400);
  expect(refused.headers.get('content-type')).toContain('application/problem+json');
  const good = {
    version: '4',
    groupKey: 'g',
    truncatedAlerts: 0,
    status: 'resolved',
    receiver: 'default',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://127.0.0.1',
    alerts: [],
  };
  expect((await post(JSON.stringify(good))).status).toBeLessThan(300);
});

test('a plan forged straight into Redis does nothing and ends in dead-letters', async () => {
  const connection = new Redis(loop.installation.stack.urls.redis, { maxRetriesPerRequest: null });
  const plans = new Queue('plans', { connection, prefix: '{charter}' });
  const letters = new Queue('dead-letters', { connection, prefix: '{charter}' });
  const effects = (await loop.effects()).length;
  const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
  await plans.add('plans', {
    v: 1,
    id,
    incidentId: id,
    traceparent: null,
    emittedAt: new Date().toISOString(),
    data: { id },
  });
  const queues = async () => (await letters.getJobs()).map(({ data }) => (data as { queue: string }).queue);
  await expect.poll(queues).toEqual(['plans']);
  expect(await loop.effects()).toHaveLength(effects);
  const { items } = await callService<{ items: unknown[] }>(`${loop.installation.url('execute')}/api/v1/executions`);
  expect(items).toEqual([]);
  await Promise.all([plans.close(), letters.close()]);
  connection.disconnect();
});

/** Lets the charter do once what it does not do by itself: load a policy, refuse, escalate, revoke. */
async function exerciseCharter(): Promise<void> {
  const post = (path: string, body: unknown) =>
    callService(`${loop.installation.url('charter')}/api/v1/${path}`, { method: 'POST', body });
  const file = new URL('../../deploy/policies/development.yaml', import.meta.url);
  await post('policies/apply', { policy: (await readFile(file, 'utf8')).replace('development', 'demo') });
  const sample = { metric_name: 'user_location', value: 1, timestamp: new Date().toISOString(), source: 'sensor-1' };
  await post('metrics/validate-batch', { metrics: Array.from({ length: 6 }, () => sample) });
  await post('revocations', { reason: 'consent withdrawn', scope: { metric: 'never_collected' } });
}

/** Nothing of a clean heal is taken back. */
const emptyWhenWell = 'annotation Rollbacks';

test(
  'every question of every panel and annotation finds data once something was healed',
  async () => {
    const fault = { kind: 'memory_leak', component: 'orders', intensity: 0.8, durationSeconds: 600 };
    const id = await loop.break(fault);
    const healed = async () => (await loop.outcomes()).map(({ type }) => type);
    await expect.poll(healed, { timeout: healMs, interval: 250 }).toContain('success');
    await loop.repair(id);
    await exerciseCharter();
    let open = (await panelQueries()).filter(({ panel }) => panel !== emptyWhenWell);
    const unanswered = async () => {
      const answered = await Promise.all(open.map(({ expression }) => hasData(expression)));
      open = open.filter((_query, index) => !answered[index]);
      return open.map(({ dashboard, panel, expression }) => `${dashboard}, ${panel}: ${expression}`);
    };
    await expect.poll(unanswered, { timeout: healMs, interval: 1_000 }).toEqual([]);
  },
  3 * healMs,
);

async function hasData(expression: string): Promise<boolean> {
  const query = new URLSearchParams({ query: expression });
  const url = `${loop.installation.stack.urls.prometheus}/api/v1/query?${query.toString()}`;
  const { data } = await callService<{ data: { result: ReadonlyArray<{ value: [number, string] }> } }>(url);
  return data.result.some(({ value: [, value] }) => value !== 'NaN');
}
