import { readFile } from 'node:fs/promises';
import { type Installation, serviceNames, startTrial } from '@charter/launcher';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { BenchRow } from '../bench-row.ts';

const idleSeconds = 15;
/** Linux counts processor time in hundredths of a second. */
const ticksPerSecond = 100;

interface Skeleton {
  readonly readySeconds: number;
  readonly residentMiB: number;
  readonly idleProcessorPercent: number;
  readonly postgresConnections: number;
  readonly redisConnections: number;
}

/** What the walking skeleton costs at rest: a process for each service, beside all in one. */
export async function run(): Promise<BenchRow[]> {
  const apart = await measure(false);
  const together = await measure(true);
  const compare = (name: string, key: keyof Skeleton, unit: string): BenchRow => ({
    name: `${name}, ${String(serviceNames.length)} processes`,
    value: apart[key],
    unit,
    better: 'lower',
    reference: { name: '--single-process', value: together[key] },
    ratio: apart[key] / together[key],
  });
  return [
    compare('time until every service is ready, servers included', 'readySeconds', 's'),
    compare('resident memory of the services', 'residentMiB', 'MiB'),
    compare('processor at rest, one cycle a 5 s', 'idleProcessorPercent', '%'),
    compare('connections to Postgres', 'postgresConnections', ''),
    compare('connections to Redis', 'redisConnections', ''),
  ];
}

async function measure(singleProcess: boolean): Promise<Skeleton> {
  const begun = performance.now();
  const installation = await startTrial({ singleProcess, cycleInterval: '5s' });
  try {
    const readySeconds = (performance.now() - begun) / 1_000;
    const pids = singleProcess
      ? [process.pid]
      : serviceNames.flatMap((name) => installation.process(name)?.status().pid ?? []);
    const before = await processorSeconds(pids);
    await new Promise((next) => setTimeout(next, idleSeconds * 1_000));
    const used = (await processorSeconds(pids)) - before;
    return {
      readySeconds,
      residentMiB: await residentMiB(pids),
      idleProcessorPercent: (100 * used) / idleSeconds,
      ...(await connections(installation)),
    };
  } finally {
    await installation.stop();
  }
}

async function processorSeconds(pids: readonly number[]): Promise<number> {
  let ticks = 0;
  for (const pid of pids) {
    const fields = (await readFile(`/proc/${String(pid)}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

async function residentMiB(pids: readonly number[]): Promise<number> {
  let kib = 0;
  for (const pid of pids) {
    const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
    kib += Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }
  return kib / 1_024;
}

async function connections({ stack }: Installation) {
  const client = new pg.Client({ connectionString: stack.urls.postgres });
  await client.connect();
  const { rows } = await client.query<{ count: string }>(
    "select count(*) as count from pg_stat_activity where application_name like 'charter-%'",
  );
  await client.end();
  const redis = new Redis(stack.urls.redis);
  const clients = String(await redis.client('LIST'));
  redis.disconnect();
  return { postgresConnections: Number(rows[0]?.count ?? 0), redisConnections: clients.trim().split('\n').length - 1 };
}
