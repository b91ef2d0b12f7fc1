import { type ConfiguredServer, startTestAlertmanager, startTestPrometheus } from '@charter/stack/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
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

let prometheus: ConfiguredServer;
let alertmanager: ConfiguredServer;
let proxy: FaultProxy;
let other: Endpoint;
let fixture: MonitorFixture;

beforeAll(async () => {
  prometheus = await startTestPrometheus('global: {scrape_interval: 1m}\n');
  alertmanager = await startTestAlertmanager('route: {receiver: none}\nreceivers: [{name: none}]\n');
  proxy = await startFaultProxy(prometheus.url);
  other = await startEndpoint(json(vectorOf({})));
  fixture = await startFixture({
    PROMETHEUS_URL: proxy.url,
    MONITOR_UPSTREAMS: `other=${other.url}`,
    ALERTMANAGER_URL: alertmanager.url,
    MONITOR_QUERY_TIMEOUT: '500ms',
    MONITOR_ROUND_TIMEOUT: '2s',
    MONITOR_FLAP_TRANSITIONS: '50',
  });
  await fixture.activate([
    rule('through', { query: 'label_replace(vector(0.9), "component", "through", "", "")', threshold: 0.5 }),
    rule('beside', { query: 'error_rate', threshold: 0.5, upstream: 'other' }),
    rule('nowhere', { query: 'error_rate', threshold: 0.5, upstream: 'unheard-of' }),
  ]);
});

afterAll(async () => {
  await fixture.close();
  await Promise.all([proxy.close(), other.close()]);
  await Promise.all([prometheus.stop(), alertmanager.stop()]);
});

interface Evaluated {
  readonly items: ReadonlyArray<{
    readonly name: string;
    readonly lastEvaluation: { result: string; reason: string } | null;
  }>;
}
const evaluation = async (name: string) =>
  (await fixture.get<Evaluated>('/api/v1/rules')).items.find((item) => item.name === name)?.lastEvaluation;

async function cycleAndRead(name: string) {
  await fixture.cycle();
  return evaluation(name);
}

test.each<[Fault, RegExp]>([
  ['latency', /timeout/],
  ['reset', /unavailable/],
  ['cut', /unavailable|malformed|timeout/],
  ['html-502', /unavailable/],
  ['drip', /timeout/],
  ['half-open', /timeout/],
])(
  'with %s between Monitor and Prometheus what it watches there stays as it was, all else goes on, and its end needs no restart',
  async (fault, reason) => {
    const breach = { result: 'breach', reason: null };
    await expect.poll(() => cycleAndRead('through'), { timeout: 15_000 }).toMatchObject(breach);
    await expect.poll(() => fixture.told('through')).toMatchObject({ state: 'firing' });

    proxy.fail(fault);
    const component = `other-${fault}`;
    other.answer = json(vectorOf({ [component]: 0.9 }));
    const begun = performance.now();
    await fixture.cycle();
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await evaluation('through')).toMatchObject({
      result: 'inconclusive',
      reason: expect.stringMatching(reason),
    });
    expect(fixture.told('through')).toMatchObject({ state: 'firing' });
    await expect.poll(() => fixture.told(component)).toMatchObject({ state: 'firing', rule: 'beside' });

    const heard = `heard-${fault}`;
    await fixture.post('/webhooks/alerts', webhookCall('firing', [{ alertname: 'Heard', component: heard }]));
    await expect.poll(() => fixture.told(heard)).toMatchObject({ state: 'firing' });

    proxy.fail('none');
    await expect.poll(() => cycleAndRead('through'), { timeout: 15_000 }).toMatchObject(breach);
  },
  60_000,
);

test('a rule that names an upstream which nobody configured is inconclusive, and says so', async () => {
  expect(await cycleAndRead('nowhere')).toMatchObject({ result: 'inconclusive', reason: 'unknown-upstream' });
});
