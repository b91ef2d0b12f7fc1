import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry, type RunningService } from '@charter/service';
import {
  cycleQueue,
  type Signal,
  signalQueue,
  type TimelineEntry,
  timelineQueue,
  type Violation,
  violationQueue,
} from '@charter/shared/contracts';
import { listenOnLoopback } from '@charter/stack/testing';
import { newId, openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { expect, inject, vi } from 'vitest';
import { startMonitor } from '../src/service.ts';

/** A local HTTP server whose answer a test can change. */
export interface Endpoint {
  readonly url: string;
  answer: (response: ServerResponse, url: string) => void;
  /** Takes what is posted to it and gives the status to answer with. */
  forward?: (body: string) => Promise<number>;
  close(): Promise<void>;
}

export async function startEndpoint(answer: Endpoint['answer']): Promise<Endpoint> {
  const endpoint: Pick<Endpoint, 'answer' | 'forward'> = { answer };
  const server = createServer((request, response) => {
    if (request.method === 'POST' && endpoint.forward) void forwardBody(request, response, endpoint.forward);
    else endpoint.answer(response, request.url ?? '');
  });
  return Object.assign(endpoint, await listenOnLoopback(server));
}

async function forwardBody(
  request: IncomingMessage,
  response: ServerResponse,
  forward: NonNullable<Endpoint['forward']>,
): Promise<void> {
  response.writeHead(await forward(await text(request))).end();
}

export const json =
  (body: unknown, status = 200): Endpoint['answer'] =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };

/** An instant vector as Prometheus writes it, of components and values. */
export const vectorOf = (values: Readonly<Record<string, number | string>>, at = Date.now() / 1_000) => ({
  status: 'success',
  data: {
    resultType: 'vector',
    result: Object.entries(values).map(([component, value]) => ({ metric: { component }, value: [at, String(value)] })),
  },
});

export const rule = (name: string, fields: Record<string, unknown>) => ({
  apiVersion: 'charter/v1',
  kind: 'Rule',
  metadata: { name },
  metric: `${name}_value`,
  ...fields,
});

export interface MonitorFixture {
  readonly monitor: RunningService;
  readonly store: Store<Record<never, never>>;
  readonly violations: Violation[];
  readonly timeline: TimelineEntry[];
  readonly pack: { documents: unknown[] };
  /** Activates documents and waits until monitor has taken them. */
  activate(documents: unknown[]): Promise<void>;
  /** Asks for one round and waits until it is recorded. */
  cycle(): Promise<void>;
  signal(signal: Signal): Promise<void>;
  get<Body>(path: string): Promise<Body>;
  post(path: string, body: unknown): Promise<Response>;
  /** A violation of this component, as it was told last. */
  told(component: string): Violation | undefined;
  restart(environment?: Record<string, string>): Promise<void>;
  close(): Promise<void>;
}

/** A running monitor with a charter that hands out packs, and a neighbor stage that hears what it tells. */
export async function startFixture(environment: Record<string, string>): Promise<MonitorFixture> {
  const database = await createTestDatabase(inject('postgresUrl'));
  const prefix = testPrefix();
  const pack = { documents: [] as unknown[], id: newId() };
  const charter = await startEndpoint((response, url) =>
    json({
      id: pack.id,
      name: 'test',
      version: '1',
      environment: 'test',
      activatedAt: new Date().toISOString(),
      documents: pack.documents,
      policies: [],
    })(response, url),
  );
  const settings = {
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: prefix,
    CHARTER_URL: charter.url,
    CHARTER_ENVIRONMENT: 'test',
    LOG_LEVEL: process.env.MONITOR_TEST_LOG ?? 'silent',
    PORT: '0',
    ...environment,
  };
  let monitor = await startMonitor(settings);
  const store = await openStore<Record<never, never>>({ url: database.url, schema: 'neighbor', migrations: {} });
  const transport: Transport = openTransport({
    app: 'neighbor',
    store,
    redisUrl: inject('redisUrl'),
    registry: createRegistry('analyze'),
    prefix,
    onError: () => undefined,
  });
  const violations: Violation[] = [];
  const timeline: TimelineEntry[] = [];
  transport.consume(violationQueue, (message) =>
    store.consume(message, async () => void violations.push(message.data)),
  );
  transport.consume(timelineQueue, (message) => store.consume(message, async () => void timeline.push(message.data)));

  async function get<Body>(path: string): Promise<Body> {
    const response = await fetch(monitor.url + path);
    expect(response.status, path).toBe(200);
    return (await response.json()) as Body;
  }
  const cyclesDone = async (): Promise<number> => {
    const text = await (await fetch(`${monitor.url}/metrics`)).text();
    return Number(/charter_monitor_cycles_total\{result="done"\} (\d+)/.exec(text)?.[1] ?? 0);
  };

  return {
    get monitor() {
      return monitor;
    },
    store,
    violations,
    timeline,
    pack,
    get,
    async activate(documents) {
      pack.documents = documents;
      pack.id = newId();
      await vi.waitUntil(async () => (await get<{ packId: string }>('/api/v1/rules')).packId === pack.id, 8_000);
    },
    async cycle() {
      const before = await cyclesDone();
      const at = new Date().toISOString();
      await store.transaction(
        async (tx) => void (await tx.enqueue(cycleQueue, { id: newId(), trigger: 'manual', at })),
      );
      await vi.waitUntil(async () => (await cyclesDone()) > before, { timeout: 10_000, interval: 20 });
    },
    async signal(signal) {
      await store.transaction(async (tx) => void (await tx.enqueue(signalQueue, signal)));
    },
    post: (path, body) =>
      fetch(monitor.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    told: (component) => violations.findLast((violation) => violation.component === component),
    async restart(changed = {}) {
      await monitor.close();
      monitor = await startMonitor({ ...settings, ...changed });
    },
    async close() {
      await transport.close();
      await monitor.close();
      await charter.close();
      await store.close();
      await database.drop();
    },
  };
}

let alerts = 0;
/** One call of the webhook with alerts of the given labels. */
export function webhookCall(
  status: 'firing' | 'resolved',
  labels: readonly Record<string, string>[],
  fields: Record<string, unknown> = {},
): Record<string, unknown> {
  alerts += 1;
  return {
    version: '4',
    groupKey: `{}:{call="${String(alerts)}"}`,
    truncatedAlerts: 0,
    status,
    receiver: 'charter',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    externalURL: 'http://alertmanager.test:9093',
    alerts: labels.map((each) => ({
      status,
      labels: each,
      annotations: { summary: `${each.alertname ?? 'it'} is wrong` },
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: status === 'resolved' ? '2026-01-01T00:05:00Z' : '0001-01-01T00:00:00Z',
      generatorURL: 'http://prometheus.test',
    })),
    ...fields,
  };
}
