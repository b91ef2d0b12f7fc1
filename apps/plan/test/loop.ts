import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry, type RunningService } from '@charter/service';
import {
  type Analysis,
  analysisQueue,
  type Outcome,
  outcomeQueue,
  type Plan,
  planQueue,
  type TimelineEntry,
  timelineQueue,
} from '@charter/shared/contracts';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { startPlan } from '../src/service.ts';
import { type Neighbors, startNeighbors } from './stand-ins.ts';

/** The plan service on real Postgres and Redis, with a consumer behind it and its neighbors at the boundary. */
export interface Loop {
  readonly service: RunningService;
  readonly neighbors: Neighbors;
  readonly plans: Plan[];
  readonly outcomes: Outcome[];
  readonly timeline: TimelineEntry[];
  readonly databaseUrl: string;
  send(analysis: Analysis): Promise<void>;
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
  const service = await startPlan({
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
  });
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
  transport.consume(planQueue, (message) => store.consume(message, async () => void plans.push(message.data)));
  transport.consume(outcomeQueue, (message) => store.consume(message, async () => void outcomes.push(message.data)));
  transport.consume(timelineQueue, (message) => store.consume(message, async () => void timeline.push(message.data)));

  async function call(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
    const response = await fetch(new URL(path, service.url), init);
    return { status: response.status, body: await response.json() };
  }

  return {
    service,
    neighbors,
    plans,
    outcomes,
    timeline,
    databaseUrl: database.url,
    async send(analysis) {
      await store.transaction((tx) => tx.enqueue(analysisQueue, analysis, { incidentId: analysis.incidentId }));
    },
    get: (path) => call(path, {}),
    post: (path, body = {}, headers = {}) =>
      call(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    async close() {
      await service.close();
      await transport.close();
      await store.close();
      await neighbors.close();
      await database.drop();
    },
  };
}
