import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { openTransport } from '@charter/queue';
import { createRegistry } from '@charter/service';
import { cycleQueue } from '@charter/shared/contracts';
import { freePort } from '@charter/stack';
import { type LoopbackServer, listenOnLoopback } from '@charter/stack/testing';
import { newId, openStore, type Store } from '@charter/store';

export interface StandServers {
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  /** Documents of the active pack. */
  readonly documents?: readonly unknown[];
  /** Further settings of Monitor. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A real Monitor in a process of its own, with a charter that hands out one pack. */
export interface MonitorStand {
  readonly url: string;
  /** For counting what is in its schema. */
  readonly store: Store<never>;
  /** One value of its own metrics; with labels, exactly as they are written. 0 when it has none yet. */
  metric(name: string): Promise<number>;
  residentMiB(): Promise<number>;
  /** Asks for a round. @returns how long it took Monitor, in seconds */
  cycle(): Promise<number>;
  close(): Promise<void>;
}

const monitorMain = fileURLToPath(new URL('../../../apps/monitor/src/main.ts', import.meta.url));
const readyMs = 30_000;
const patienceMs = 120_000;

export async function startMonitorStand(servers: StandServers): Promise<MonitorStand> {
  const prefix = `{bench-${newId()}}`;
  const charter = await packServer(servers.documents ?? []);
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const child = spawn(process.execPath, [monitorMain], {
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      DATABASE_URL: servers.postgresUrl,
      REDIS_URL: servers.redisUrl,
      PROMETHEUS_URL: servers.prometheusUrl,
      ALERTMANAGER_URL: servers.alertmanagerUrl,
      CHARTER_URL: charter.url,
      CHARTER_QUEUE_PREFIX: prefix,
      CHARTER_ENVIRONMENT: 'bench',
      LOG_LEVEL: 'error',
      ...servers.settings,
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await until(async () => (await fetch(`${url}/health`).catch(() => null))?.ok ?? false, readyMs);
  const store = await openStore<never>({ url: servers.postgresUrl, schema: 'bench', migrations: {} });
  const transport = openTransport({
    app: 'bench',
    store,
    redisUrl: servers.redisUrl,
    registry: createRegistry('analyze'),
    prefix,
    onError: (error) => {
      throw error;
    },
  });

  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${url}/metrics`)).text();
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? 0);
  }

  return {
    url,
    store,
    metric,
    residentMiB: () => residentMiB(child),
    async cycle() {
      const [count, seconds] = ['count', 'sum'].map((part) => `charter_monitor_cycle_duration_seconds_${part}`);
      const before = [await metric(count ?? ''), await metric(seconds ?? '')];
      const at = new Date().toISOString();
      await store.transaction((tx) => tx.enqueue(cycleQueue, { id: newId(), trigger: 'manual', at }));
      await until(async () => (await metric(count ?? '')) > (before[0] ?? 0), patienceMs);
      return (await metric(seconds ?? '')) - (before[1] ?? 0);
    },
    async close() {
      await transport.close();
      await store.close();
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await charter.close();
    },
  };
}

/** Looks again and again until it holds. @throws when it does not within `ms` */
export async function until(holds: () => Promise<boolean>, ms: number): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${String(ms)} ms`);
    await new Promise((next) => setTimeout(next, 50));
  }
}

export async function residentMiB({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}

/** Answers like the charter's `packs/active`. */
function packServer(documents: readonly unknown[]): Promise<LoopbackServer> {
  const activatedAt = new Date().toISOString();
  const pack = { id: newId(), name: 'bench', version: '1', environment: 'bench', activatedAt, documents, policies: [] };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(pack));
  });
  return listenOnLoopback(server);
}
