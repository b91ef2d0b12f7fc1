import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { freePort } from '@charter/stack';
import { sql } from 'kysely';
import type { BenchRow } from '../bench-row.ts';
import { percentile } from '../loop/percentile.ts';
import { type MonitorStand, type StandServers, startMonitorStand, until } from './monitor-stand.ts';
import { floodUntilRefused, type Storm, type StormResult, sendStorm } from './webhook-storm.ts';

const storm: Storm = { alertsPerSecond: 10_000, alertsPerCall: 50, seconds: 20 };
const warmUp: Storm = { alertsPerSecond: 2_000, alertsPerCall: 50, seconds: 2 };
const drainedMs = 240_000;
const floodCalls = 60_000;

export interface StormFigures {
  readonly sent: StormResult;
  /** Distinct alerts that were accepted and are not in Postgres once all is worked on. */
  readonly lost: number;
  readonly drainSeconds: number;
  /** Resident memory of Monitor before, at most during, and once all is worked on. */
  readonly memoryMiB: { readonly before: number; readonly most: number; readonly after: number };
}

/** Sends a storm of alerts that are all different, waits until Monitor has worked on all, and counts. */
export async function measureStorm(stand: MonitorStand, shape: Storm, firstCall: number): Promise<StormFigures> {
  const known = await alertsKnown(stand);
  const before = await stand.residentMiB();
  let most = before;
  const look = setInterval(() => void stand.residentMiB().then((now) => (most = Math.max(most, now))), 250);
  const begun = performance.now();
  try {
    const sent = await sendStorm(`${stand.url}/webhooks/alerts`, shape, firstCall);
    await until(async () => (await waiting(stand)) === 0, drainedMs);
    const drainSeconds = (performance.now() - begun) / 1_000;
    const lost = sent.acceptedAlerts - ((await alertsKnown(stand)) - known);
    return { sent, lost, drainSeconds, memoryMiB: { before, most, after: await stand.residentMiB() } };
  } finally {
    clearInterval(look);
  }
}

const count = async (stand: MonitorStand, table: 'alert' | 'alert_intake'): Promise<number> => {
  const { rows } = await sql<{ count: string }>`select count(*) from monitor.${sql.table(table)}`.execute(
    stand.store.transport,
  );
  return Number(rows[0]?.count);
};
const alertsKnown = (stand: MonitorStand) => count(stand, 'alert');
const waiting = (stand: MonitorStand) => count(stand, 'alert_intake');

/** 10,000 alerts a second for 20 s at the webhook, beside a bare fastify route that drops them. */
export async function benchStorm(servers: StandServers): Promise<BenchRow[]> {
  const bare = await bareStorm();
  const stand = await startMonitorStand(servers);
  try {
    await measureStorm(stand, warmUp, 1_000_000);
    const first = await measureStorm(stand, storm, 0);
    const second = await measureStorm(stand, storm, 10_000);
    const flood = await floodUntilRefused(`${stand.url}/webhooks/alerts`, floodCalls, 2_000_000);
    return [...storms(first, bare), ...afterwards(first, second), ...beyond(flood)];
  } finally {
    await stand.close();
  }
}

const row = (
  name: string,
  value: number,
  unit: string,
  better: BenchRow['better'],
  reference: BenchRow['reference'],
  target?: string,
): BenchRow => ({
  name,
  value,
  unit,
  better,
  reference,
  ratio: value / reference.value,
  ...(target === undefined ? {} : { target }),
});

function storms({ sent, lost, drainSeconds }: StormFigures, bare: StormResult): BenchRow[] {
  const beside = (of: (result: StormResult) => number) => ({ name: 'fastify, body dropped', value: of(bare) });
  const at = (share: number) => (result: StormResult) => percentile(result.times, share);
  const rate = ({ acceptedAlerts, seconds }: StormResult) => acceptedAlerts / seconds;
  const offered = { name: 'alerts accepted', value: sent.acceptedAlerts };
  return [
    row('storm, acknowledged p50', at(0.5)(sent), 'ms', 'lower', beside(at(0.5))),
    row('storm, acknowledged p99', at(0.99)(sent), 'ms', 'lower', beside(at(0.99)), '< 250'),
    row('storm, alerts accepted a second', rate(sent), '1/s', 'higher', beside(rate), '10,000'),
    row('storm, accepted alerts lost', lost, '', 'lower', offered, '0'),
    row('storm, calls refused or failed', sent.refused + sent.failed, '', 'lower', {
      name: 'calls',
      value: sent.calls,
    }),
    row('storm, until all is worked on', drainSeconds, 's', 'lower', { name: 'storm itself', value: sent.seconds }),
  ];
}

function afterwards({ memoryMiB: first }: StormFigures, { memoryMiB: second }: StormFigures): BenchRow[] {
  return [
    row('resident memory at most in a storm', first.most, 'MiB', 'lower', { name: 'before it', value: first.before }),
    row(
      'resident memory after a second storm',
      second.after,
      'MiB',
      'lower',
      {
        name: 'after the first',
        value: first.after,
      },
      'flat',
    ),
  ];
}

function beyond(flood: StormResult): BenchRow[] {
  const calls = { name: 'calls until then', value: flood.calls };
  return [row('beyond capacity, answered 503 with Retry-After', flood.refused, '', 'higher', calls, '> 0')];
}

async function bareStorm(): Promise<StormResult> {
  const port = await freePort();
  const main = fileURLToPath(new URL('./bare-route.ts', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PORT: String(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${String(port)}`;
  try {
    await until(async () => (await fetch(`${url}/health`).catch(() => null))?.ok ?? false, drainedMs);
    await sendStorm(`${url}/webhooks/alerts`, warmUp);
    return await sendStorm(`${url}/webhooks/alerts`, storm);
  } finally {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
}
