import { openTransport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry, type RunningService } from '@charter/service';
import {
  type Adaptation,
  type Outcome,
  outcomeQueue,
  planAdaptationQueue,
  type TimelineEntry,
  timelineQueue,
} from '@charter/shared/contracts';
import { openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { expect } from 'vitest';
import { startKnowledge } from '../src/service.ts';

/** Knowledge on real Postgres and Redis, with the rest of the loop as one store that tells outcomes and hears answers. */
export async function startLoop(
  { postgresUrl, redisUrl }: { postgresUrl: string; redisUrl: string },
  variables: Record<string, string> = {},
) {
  const database = await createTestDatabase(postgresUrl);
  const prefix = testPrefix();
  const environment = {
    DATABASE_URL: database.url,
    REDIS_URL: redisUrl,
    CHARTER_QUEUE_PREFIX: prefix,
    LOG_LEVEL: 'silent',
    PORT: '0',
    // nobody answers there unless a test says otherwise
    CHARTER_URL: 'http://127.0.0.1:9',
    ...variables,
  };
  let service: RunningService = await startKnowledge(environment);
  const loop = await openStore<Record<never, never>>({ url: database.url, schema: 'loop', migrations: {} });
  const registry = createRegistry('execute');
  const transport = openTransport({ app: 'loop', store: loop, redisUrl, registry, prefix, onError: () => undefined });
  const story: TimelineEntry[] = [];
  const adaptations: Adaptation[] = [];
  transport.consume(timelineQueue, (message) => loop.consume(message, async () => void story.push(message.data)));
  transport.consume(planAdaptationQueue, (message) =>
    loop.consume(message, async () => void adaptations.push(message.data)),
  );

  async function get<Body>(path: string): Promise<Body> {
    const response = await fetch(`${service.url}/api/v1/${path}`);
    expect(response.status, path).toBe(200);
    return (await response.json()) as Body;
  }
  const tell = (outcome: Outcome) =>
    loop.transaction((tx) => tx.enqueue(outcomeQueue, outcome, { incidentId: outcome.incidentId }));
  const recorded = (incidentId: string) =>
    get<{ items: Array<Outcome & { correctedBy: string | null }> }>(`outcomes?incidentId=${incidentId}`);

  return {
    environment,
    url: () => service.url,
    story,
    adaptations,
    get,
    tell,
    recorded,
    post: (path: string, body: unknown) =>
      fetch(`${service.url}/api/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    /** Tells outcomes one after the other and waits until the last one is known. */
    async learn(...outcomes: Outcome[]): Promise<void> {
      for (const outcome of outcomes) await tell(outcome);
      const last = outcomes.at(-1);
      if (last) await expect.poll(async () => (await recorded(last.incidentId)).items.length).toBe(1);
    },
    async restart(between: () => Promise<unknown>): Promise<void> {
      await service.close();
      await between();
      service = await startKnowledge(environment);
    },
    async close(): Promise<void> {
      await transport.close();
      await service.close();
      await loop.close();
      await database.drop();
    },
  };
}
export type Loop = Awaited<ReturnType<typeof startLoop>>;
