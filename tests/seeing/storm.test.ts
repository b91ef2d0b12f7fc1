import { brokenRule, measureCycle, startBrokenSystem } from '@charter/bench/seeing-series';
import { type MonitorStand, startMonitorStand } from '@charter/bench/seeing-stand';
import { measureStorm } from '@charter/bench/seeing-storm';
import { floodUntilRefused } from '@charter/bench/seeing-webhook';
import { type ConfiguredServer, startTestAlertmanager } from '@charter/stack/testing';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

// The small form of `npm run bench:seeing`: what holds there at full size holds here at once.
const series = 500;

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let alertmanager: ConfiguredServer;
let system: Awaited<ReturnType<typeof startBrokenSystem>>;
let stand: MonitorStand;

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  alertmanager = await startTestAlertmanager('route: {receiver: none}\nreceivers: [{name: none}]\n');
  system = await startBrokenSystem();
  stand = await startMonitorStand({
    postgresUrl: database.url,
    redisUrl: inject('redisUrl'),
    prometheusUrl: system.url,
    alertmanagerUrl: alertmanager.url,
    documents: [brokenRule],
    settings: { MONITOR_INTAKE_LIMIT: '400' },
  });
}, 60_000);

afterAll(async () => {
  await stand.close();
  await system.stop();
  await alertmanager.stop();
  await database.drop();
});

test('a second of 10,000 alerts is taken whole', async () => {
  const { sent, lost } = await measureStorm(stand, { alertsPerSecond: 10_000, alertsPerCall: 50, seconds: 1 }, 0);
  expect(sent).toMatchObject({ acceptedAlerts: 10_000, refused: 0, failed: 0 });
  expect(lost).toBe(0);
}, 60_000);

test('beyond its capacity a call is answered 503 with Retry-After, and none fails otherwise', async () => {
  const flood = await floodUntilRefused(`${stand.url}/webhooks/alerts`, 20_000, 1_000);
  expect(flood.refused).toBeGreaterThan(0);
  expect(flood.failed).toBe(0);
}, 60_000);

test('a round in which hundreds of series start to fire ends in time', async () => {
  await system.breakAll(series);
  const { firstSeconds, nextSeconds } = await measureCycle(stand, series);
  expect(firstSeconds).toBeLessThan(2);
  expect(nextSeconds).toBeLessThan(2);
}, 60_000);
