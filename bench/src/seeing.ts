import { startTestAlertmanager, startTestPostgres, startTestPrometheus, startTestRedis } from '@charter/stack/testing';
import type { BenchRow } from './bench-row.ts';
import { benchStorm } from './seeing/alert-storm.ts';
import { benchSeries } from './seeing/firing-series.ts';

const silentAlertmanager = 'route: {receiver: none}\nreceivers: [{name: none}]\n';

/** What Monitor takes: a storm of alerts at its webhook, and thousands of series that fire at once. */
export async function run(): Promise<BenchRow[]> {
  await using redis = await startTestRedis();
  await using alertmanager = await startTestAlertmanager(silentAlertmanager);
  const common = { redisUrl: redis.url, alertmanagerUrl: alertmanager.url };
  await using postgres = await startTestPostgres({ durable: true });
  await using prometheus = await startTestPrometheus('global: {scrape_interval: 1m}\n');
  const storms = await benchStorm({ ...common, postgresUrl: postgres.url, prometheusUrl: prometheus.url });
  return [...storms, ...(await benchSeries(common))];
}
