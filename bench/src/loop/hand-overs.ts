import { startTestPostgres, startTestRedis } from '@charter/stack/testing';
import type { BenchRow } from '../bench-row.ts';
import { bullmqChain, type Chain, charterChain, hops, listChain } from './chains.ts';
import { percentile } from './percentile.ts';

const warmUp = 50;
const paced = 200;
const burst = 2_000;
const inFlight = 64;

interface Figures {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/** Violation to outcome through the queues, beside bare BullMQ and bare Redis lists on the same Redis. */
export async function run(): Promise<BenchRow[]> {
  await using redis = await startTestRedis();
  await using postgres = await startTestPostgres({ durable: true });
  const ours = await measure(() => charterChain({ redis: redis.url, postgres: postgres.url }));
  const bullmq = await measure(() => bullmqChain(redis.url));
  const lists = await measure(() => listChain(redis.url));
  const beside = (name: string, theirs: Figures): BenchRow[] => [
    row(`${String(hops)} hops, one at a time, p50`, ours.p50, 'ms', 'lower', name, theirs.p50),
    row(`${String(hops)} hops, one at a time, p99`, ours.p99, 'ms', 'lower', name, theirs.p99),
    row(
      `incidents through ${String(hops)} hops, ${String(inFlight)} in flight`,
      ours.perSecond,
      '1/s',
      'higher',
      name,
      theirs.perSecond,
    ),
  ];
  return [...beside('bare BullMQ', bullmq), ...beside('bare Redis lists', lists)];
}

async function measure(open: () => Promise<Chain>): Promise<Figures> {
  const chain = await open();
  try {
    let incident = 0;
    for (; incident < warmUp; incident += 1) await chain.send(incident);
    const times: number[] = [];
    for (let sent = 0; sent < paced; sent += 1) {
      const begun = performance.now();
      await chain.send(incident++);
      times.push(performance.now() - begun);
    }
    const begun = performance.now();
    let left = burst;
    const sender = async () => {
      while (left-- > 0) await chain.send(incident++);
    };
    await Promise.all(Array.from({ length: inFlight }, sender));
    const perSecond = burst / ((performance.now() - begun) / 1_000);
    return { p50: percentile(times, 0.5), p99: percentile(times, 0.99), perSecond };
  } finally {
    await chain.close();
  }
}

function row(
  name: string,
  value: number,
  unit: string,
  better: BenchRow['better'],
  referenceName: string,
  reference: number,
): BenchRow {
  return { name, value, unit, better, reference: { name: referenceName, value: reference }, ratio: value / reference };
}
