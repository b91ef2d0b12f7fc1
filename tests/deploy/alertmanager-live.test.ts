import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { alertmanagerConfig } from '@charter/launcher';
import { type ConfiguredServer, startTestAlertmanager } from '@charter/stack/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Heard {
  readonly at: number;
  readonly status: string;
  readonly alerts: ReadonlyArray<{ readonly labels: Readonly<Record<string, string>> }>;
}

const heard: Heard[] = [];
const monitor = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    heard.push({ at: performance.now(), ...JSON.parse(Buffer.concat(chunks).toString('utf8')) });
    response.writeHead(200).end();
  });
});
let alertmanager: ConfiguredServer;

beforeAll(async () => {
  await new Promise<void>((resolve) => monitor.listen(0, '127.0.0.1', resolve));
  const { port } = monitor.address() as AddressInfo;
  alertmanager = await startTestAlertmanager(await alertmanagerConfig(() => `127.0.0.1:${String(port)}`, {}));
});
afterAll(async () => {
  await alertmanager.stop();
  monitor.close();
});

async function raise(...alerts: ReadonlyArray<Readonly<Record<string, string>>>): Promise<void> {
  const answer = await fetch(`${alertmanager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels }))),
  });
  expect(answer.status).toBe(200);
}

/** Names of alerts of this test that are inhibited now. */
async function inhibited(test: string): Promise<string[]> {
  const answer = await fetch(`${alertmanager.url}/api/v2/alerts?filter=cluster%3D${test}`);
  const alerts = (await answer.json()) as Array<{ labels: Record<string, string>; status: { inhibitedBy: string[] } }>;
  return alerts
    .filter(({ status }) => status.inhibitedBy.length > 0)
    .map(({ labels }) => labels.alertname ?? '')
    .toSorted();
}

describe('inhibition', () => {
  const group = 'charter_violations';

  test('a stale policy silences the other charter alerts, and no other alert', async () => {
    const cluster = 'stale';
    await raise(
      { alertname: 'PolicyLoadFailure', severity: 'critical', group, cluster },
      { alertname: 'ForbiddenMetricSpike', severity: 'warning', group, cluster },
      { alertname: 'CriticalViolationDetected', severity: 'critical', group, cluster },
      { alertname: 'DeadLetters', severity: 'warning', group: 'charter_loop', cluster },
    );
    await expect.poll(() => inhibited(cluster)).toEqual(['CriticalViolationDetected', 'ForbiddenMetricSpike']);
  });

  test('an active override silences the overloaded committee', async () => {
    const cluster = 'override';
    await raise(
      { alertname: 'EmergencyOverrideStayingActive', severity: 'critical', group, cluster },
      { alertname: 'CommitteeOverloaded', severity: 'warning', group, cluster },
      { alertname: 'ForbiddenMetricSpike', severity: 'warning', group, cluster },
    );
    await expect.poll(() => inhibited(cluster)).toEqual(['CommitteeOverloaded']);
  });

  test('a critical alert silences warnings of the same node, but none without a node', async () => {
    const cluster = 'node';
    await raise(
      { alertname: 'Critical', severity: 'critical', node_or_service: 'node-1', cluster },
      { alertname: 'SameNode', severity: 'warning', node_or_service: 'node-1', cluster },
      { alertname: 'OtherNode', severity: 'warning', node_or_service: 'node-2', cluster },
      { alertname: 'NoNode', severity: 'warning', cluster },
      { alertname: 'CriticalWithoutNode', severity: 'critical', cluster },
    );
    await expect.poll(() => inhibited(cluster)).toEqual(['SameNode']);
  });
});

test('an alert of the demo target reaches Monitor within two seconds, and so does its end', async () => {
  const labels = { alertname: 'TestbedComponentFailing', severity: 'critical', group: 'testbed', component: 'orders' };
  const aboutOrders = (status: string) =>
    heard.find((each) => each.status === status && each.alerts.some((alert) => alert.labels.component === 'orders'));
  const raisedAt = performance.now();
  await raise(labels);
  await expect.poll(() => aboutOrders('firing')).toBeDefined();
  expect((aboutOrders('firing')?.at ?? Number.NaN) - raisedAt).toBeLessThan(2_000);

  const endedAt = performance.now();
  const ended = await fetch(`${alertmanager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, endsAt: new Date().toISOString() }]),
  });
  expect(ended.status).toBe(200);
  await expect.poll(() => aboutOrders('resolved')).toBeDefined();
  expect((aboutOrders('resolved')?.at ?? Number.NaN) - endedAt).toBeLessThan(3_000);
});
