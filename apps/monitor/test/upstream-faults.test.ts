import { type ConfiguredServer, startTestAlertmanager, startTestPrometheus } from '@charter/stack/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type MonitorFixture, rule, startFixture, webhookCall } from './monitor-fixture.ts';

let prometheus: ConfiguredServer;
let alertmanager: ConfiguredServer;
let proxy: FaultProxy;
let fixture: MonitorFixture;

beforeAll(async () => {
  prometheus = await startTestPrometheus('global: {scrape_interval: 1m}\n');
  alertmanager = await startTestAlertmanager('route: {receiver: none}\nreceivers: [{name: none}]\n');
  proxy = await startFaultProxy(prometheus.url);
  fixture = await startFixture({
    PROMETHEUS_URL: proxy.url,
    MONITOR_UPSTREAMS: `beside=${prometheus.url}`,
    ALERTMANAGER_URL: alertmanager.url,
    MONITOR_QUERY_TIMEOUT: '500ms',
    MONITOR_ROUND_TIMEOUT: '2s',
    MONITOR_FLAP_TRANSITIONS: '50',
  });
});

afterAll(async () => {
  await fixture.close();
  await proxy.close();
  await Promise.all([prometheus.stop(), alertmanager.stop()]);
});

/** A query that says 0.9 of this component, without anything to scrape. */
const breachOf = (component: string) => `label_replace(vector(0.9), "component", "${component}", "", "")`;
const watched = (name: string, fields: Record<string, unknown> = {}) =>
  rule(name, { query: breachOf(name), threshold: 0.5, ...fields });

interface Evaluated {
  readonly items: ReadonlyArray<{
    readonly name: string;
    readonly lastEvaluation: { result: string; reason: string } | null;
  }>;
}
const evaluation = async (name: string) =>
  (await fixture.get<Evaluated>('/api/v1/rules')).items.find((item) => item.name === name)?.lastEvaluation;

describe.each<[Fault, RegExp]>([
  ['latency', /timeout/],
  ['reset', /unavailable/],
  ['cut', /unavailable|malformed|timeout/],
  ['html-502', /unavailable/],
  ['drip', /timeout/],
  ['half-open', /timeout/],
])('with %s between Monitor and Prometheus', (fault, reason) => {
  test('what it watches there stays as it was, all else goes on, and the end of it needs no restart', async () => {
    await fixture.activate([watched('through'), watched(`beside-${fault}`, { upstream: 'beside' })]);
    proxy.fail('none');
    await expect
      .poll(
        async () => {
          await fixture.cycle();
          return evaluation('through');
        },
        { timeout: 15_000 },
      )
      .toMatchObject({ result: 'breach' });
    await expect.poll(() => fixture.told('through')).toMatchObject({ state: 'firing' });

    proxy.fail(fault);
    await fixture.activate([watched('through'), watched(`other-${fault}`, { upstream: 'beside' })]);
    const begun = performance.now();
    await fixture.cycle();
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(await evaluation('through')).toMatchObject({
      result: 'inconclusive',
      reason: expect.stringMatching(reason),
    });
    expect(fixture.told('through')).toMatchObject({ state: 'firing' });
    await expect.poll(() => fixture.told(`other-${fault}`)).toMatchObject({ state: 'firing' });

    await fixture.post(
      '/webhooks/alerts',
      webhookCall('firing', [{ alertname: 'Heard', component: `heard-${fault}` }]),
    );
    await expect.poll(() => fixture.told(`heard-${fault}`)).toMatchObject({ state: 'firing' });

    proxy.fail('none');
    await expect
      .poll(
        async () => {
          await fixture.cycle();
          return evaluation('through');
        },
        { timeout: 15_000 },
      )
      .toMatchObject({ result: 'breach', reason: null });
  }, 60_000);
});
