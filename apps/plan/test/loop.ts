import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry, type RunningService } from '@charter/service';
import {
  type Adaptation,
  type Analysis,
  analysisQueue,
  type Outcome,
  outcomeQueue,
  type Plan,
  planAdaptationQueue,
  planQueue,
  type QueueDefinition,
  type TimelineEntry,
  timelineQueue,
} from '@charter/shared/contracts';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { startPlan } from '../src/service.ts';
import { type Neighbors, startNeighbors } from './stand-ins.ts';

/** The plan service on real Postgres and Redis, with a consumer behind it and its neighbors at the boundary. */
export interface Loop {
  /** Another process of the same service, on the same record and queues. */
  replica(): Promise<RunningService>;
  /** Ends the first process and starts it again. */
  restart(): Promise<void>;
  readonly databaseUrl: string;
  readonly neighbors: Neighbors;
  readonly plans: Plan[];
  readonly outcomes: Outcome[];
  readonly timeline: TimelineEntry[];
  send(analysis: Analysis): Promise<void>;
  adapt(adaptation: Adaptation): Promise<void>;
  get(path: string): Promise<{ status: number; body: unknown }>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}

export async function startLoop(
  servers: { readonly postgresUrl: string; readonly redisUrl: string },
  start: Pick<Neighbors, 'pack' | 'targets'>,
  environment: Record<string, string> = {},
): Promise<Loop> {
  const database = await createTestDatabase(servers.postgresUrl);
  const neighbors = await startNeighbors(start);
  const prefix = testPrefix();
  const settings = {
    PORT: '0',
    DATABASE_URL: database.url,
    REDIS_URL: servers.redisUrl,
    CHARTER_URL: neighbors.url,
    EXECUTE_URL: neighbors.url,
    KNOWLEDGE_URL: neighbors.url,
    ANALYZE_URL: neighbors.url,
    CHARTER_QUEUE_PREFIX: prefix,
    LOG_LEVEL: 'silent',
    ...environment,
  };
  let service = await startPlan(settings);
  const replicas: RunningService[] = [];
  const store: Store<never> = await openStore({
    url: database.url,
    schema: 'rest_of_loop',
    migrations: {},
    poolSize: 3,
  });
  const transport: Transport = openTransport({
    app: 'test',
    store,
    redisUrl: servers.redisUrl,
    registry: createRegistry('test'),
    onError: () => undefined,
    prefix,
  });
  const plans: Plan[] = [];
  const outcomes: Outcome[] = [];
  const timeline: TimelineEntry[] = [];

  /** Keeps what arrives in the order in which it was sent. */
  function collect<Data>(queue: QueueDefinition<Data>, into: Data[]): void {
    const ids: string[] = [];
    transport.consume(queue, (message) =>
      store.consume(message, async () => {
        const place = ids.findIndex((id) => id > message.id);
        const index = place < 0 ? ids.length : place;
        ids.splice(index, 0, message.id);
        into.splice(index, 0, message.data);
      }),
    );
  }
  collect(planQueue, plans);
  collect(outcomeQueue, outcomes);
  collect(timelineQueue, timeline);

  async function call(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
    const response = await fetch(new URL(path, service.url), init);
    return { status: response.status, body: await response.json() };
  }

  return {
    async replica() {
      const started = await startPlan(settings);
      replicas.push(started);
      return started;
    },
    async restart() {
      await service.close();
      service = await startPlan(settings);
    },
    databaseUrl: database.url,
    neighbors,
    plans,
    outcomes,
    timeline,
    async send(analysis) {
      await store.transaction((tx) => tx.enqueue(analysisQueue, analysis, { incidentId: analysis.incidentId }));
    },
    async adapt(adaptation) {
      await store.transaction((tx) => tx.enqueue(planAdaptationQueue, adaptation));
    },
    get: (path) => call(path, {}),
    post: (path, body = {}, headers = {}) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    async close() {
      await Promise.all([service, ...replicas].map((each) => each.close()));
      await transport.close();
      await store.close();
      await neighbors.close();
      await database.drop();
    },
  };
}
