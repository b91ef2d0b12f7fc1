import { createServer } from 'node:http';
import { listenOnLoopback, startTestPostgres, startTestPrometheus } from '@charter/stack/testing';
import type { BenchRow } from '../bench-row.ts';
import { type MonitorStand, type StandServers, startMonitorStand, until } from './monitor-stand.ts';

const sizes = [1_000, 3_000, 10_000] as const;
const scrapedMs = 30_000;

export interface CycleFigures {
  readonly series: number;
  /** The round in which all of them are new, and one in which they all fire already. */
  readonly firstSeconds: number;
  readonly nextSeconds: number;
  readonly residentMiB: number;
}

/** A system of which every component is broken, scraped by a real Prometheus. */
export async function startBrokenSystem() {
  let series = 0;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
    const lines = Array.from({ length: series }, (_, index) => `error_rate{component="c${String(index)}"} 0.9`);
    response.end(`${lines.join('\n')}\n`);
  });
  const listening = await listenOnLoopback(server);
  const target = `127.0.0.1:${String(listening.port)}`;
  const prometheus = await startTestPrometheus(
    `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: broken, static_configs: [{targets: ['${target}']}]}]\n`,
  );
  return {
    url: prometheus.url,
    /** Resolves once Prometheus knows that many series. */
    async breakAll(count: number): Promise<void> {
      series = count;
      await until(async () => (await seriesKnown(prometheus.url)) === count, scrapedMs);
    },
    async stop() {
      await prometheus.stop();
      await listening.close();
    },
  };
}

async function seriesKnown(url: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent('count(error_rate)')}`);
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}

/** The rule that finds all of them broken. */
export const brokenRule = {
  apiVersion: 'charter/v1',
  kind: 'Rule',
  metadata: { name: 'Broken' },
  metric: 'error_rate',
  query: 'error_rate',
  threshold: 0.5,
  severity: 'critical',
};

export async function measureCycle(stand: MonitorStand, series: number): Promise<CycleFigures> {
  const firstSeconds = await stand.cycle();
  const nextSeconds = await stand.cycle();
  return { series, firstSeconds, nextSeconds, residentMiB: await stand.residentMiB() };
}

/** Rounds in which 1,000, 3,000 and 10,000 series fire, beside asking Prometheus and reading its answer alone. */
export async function benchSeries(servers: Pick<StandServers, 'redisUrl' | 'alertmanagerUrl'>): Promise<BenchRow[]> {
  const system = await startBrokenSystem();
  try {
    const rows: BenchRow[] = [];
    const figures: CycleFigures[] = [];
    for (const series of sizes) {
      await system.breakAll(series);
      await using postgres = await startTestPostgres({ durable: true });
      const urls = { ...servers, postgresUrl: postgres.url, prometheusUrl: system.url };
      const stand = await startMonitorStand({ ...urls, documents: [brokenRule] });
      try {
        const figure = await measureCycle(stand, series);
        figures.push(figure);
        rows.push(...cycleRows(figure, await askAlone(system.url)));
      } finally {
        await stand.close();
      }
    }
    return [...rows, ...linearity(figures)];
  } finally {
    await system.stop();
  }
}

function cycleRows({ series, firstSeconds, nextSeconds, residentMiB }: CycleFigures, aloneSeconds: number): BenchRow[] {
  const reference = { name: 'query and JSON.parse alone', value: aloneSeconds };
  const of = (name: string, value: number): BenchRow => ({
    name: `${String(series)} firing series, ${name}`,
    value,
    unit: 's',
    better: 'lower',
    reference,
    ratio: value / aloneSeconds,
    target: '< 2',
  });
  const answer = { name: 'limit', value: memoryLimitMiB };
  return [
    of('a round in which all are new', firstSeconds),
    of('a round in which all go on', nextSeconds),
    {
      name: `${String(series)} firing series, resident memory`,
      value: residentMiB,
      unit: 'MiB',
      better: 'lower',
      reference: answer,
      ratio: residentMiB / memoryLimitMiB,
    },
  ];
}

/** What a small pod gets. */
const memoryLimitMiB = 512;

function linearity(figures: readonly CycleFigures[]): BenchRow[] {
  const [smallest, largest] = [figures[0], figures.at(-1)];
  if (!smallest || !largest) return [];
  return (['firstSeconds', 'nextSeconds'] as const).map((key) => {
    const each = ({ series, [key]: seconds }: CycleFigures) => (1_000 * seconds) / series;
    return {
      name: `time a series of ${String(largest.series)}, ${key === 'firstSeconds' ? 'all new' : 'all go on'}`,
      value: each(largest),
      unit: 'ms',
      better: 'lower',
      reference: { name: `of ${String(smallest.series)}`, value: each(smallest) },
      ratio: each(largest) / each(smallest),
      target: 'linear: ≤ 1',
    };
  });
}

async function askAlone(url: string): Promise<number> {
  const begun = performance.now();
  await (await fetch(`${url}/api/v1/query?query=error_rate`)).json();
  return (performance.now() - begun) / 1_000;
}
