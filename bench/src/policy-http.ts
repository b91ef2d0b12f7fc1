import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startTestPostgres, startTestRedis } from '@charter/stack/testing';
import type { BenchRow } from './bench-row.ts';
import { quantile } from './policy-timing.ts';

const warmups = 100;
const rounds = 500;
const document = {
  charter: { name: 'bench', version: '1' },
  whitelisted_metrics: { all: Array.from({ length: 13 }, (_, at) => `metric_${String(at)}`) },
  forbidden_metrics: Array.from({ length: 6 }, (_, at) => `private_${String(at)}`),
};

/** Batches of 100 samples against a charter in a process of its own, on a Postgres that syncs; one client, one at a time. */
export async function overHttp(): Promise<BenchRow[]> {
  await using servers = new AsyncDisposableStack();
  const postgres = servers.use(await startTestPostgres({ durable: true }));
  const redis = servers.use(await startTestRedis());
  const stateDir = await mkdtemp(join(tmpdir(), 'charter-bench-'));
  servers.defer(() => rm(stateDir, { recursive: true, force: true }));
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../apps/charter/src/main.ts')], {
    env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url, CHARTER_STATE_DIR: stateDir, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.defer(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const url = await addressIn(createInterface({ input: child.stdout }));
  await post(`${url}/api/v1/policies/apply`, { policy: document });

  const bare = await timings(() => fetch(`${url}/health`).then((response) => response.text()));
  const batchOf = (names: readonly string[]) => ({
    metrics: Array.from({ length: 100 }, (_, at) => ({
      metric_name: names[at % names.length],
      value: at,
      timestamp: '2026-01-05T11:59:00.123Z',
      source: `node-${String(at % 7)}`,
      labels: { region: 'north' },
    })),
  });
  const validating = (body: object) => timings(() => post(`${url}/api/v1/metrics/validate-batch`, body));
  const allowed = await validating(batchOf(document.whitelisted_metrics.all));
  const forbidden = await validating(batchOf(document.forbidden_metrics));
  const row = (name: string, value: number, target: string): BenchRow => ({
    name,
    value,
    unit: 'ms',
    better: 'lower',
    reference: { name: 'GET /health, p50', value: bare.p50 },
    ratio: value / bare.p50,
    target,
  });
  return [
    row('100 allowed samples over HTTP, p50', allowed.p50, '< 5 ms'),
    row('100 allowed samples over HTTP, p99', allowed.p99, '< 100 ms'),
    row('100 forbidden samples over HTTP, p50', forbidden.p50, '< 5 ms'),
    row('100 forbidden samples over HTTP, p99', forbidden.p99, '< 100 ms'),
  ];
}

async function addressIn(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) {
    const { msg, url }: { msg?: string; url?: string } = JSON.parse(line);
    if (msg === 'listening' && url !== undefined) return url;
  }
  throw new Error('The charter ended before it listened');
}

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${String(response.status)}: ${text.slice(0, 300)}`);
}

async function timings(call: () => Promise<unknown>): Promise<{ p50: number; p99: number }> {
  const samples: number[] = [];
  for (let at = 0; at < warmups + rounds; at += 1) {
    const start = performance.now();
    await call();
    if (at >= warmups) samples.push(performance.now() - start);
  }
  samples.sort((a, b) => a - b);
  return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99) };
}
