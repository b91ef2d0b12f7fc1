import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { configFrom, createLog, createRegistry, type RunningService } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded } from '@charter/service/testing';
import {
  type Adaptation,
  type Outcome,
  outcomeQueue,
  planAdaptationQueue,
  Recommendation,
  type TimelineEntry,
  timelineQueue,
} from '@charter/shared/contracts';
import { newId, openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { outcomeLog } from '../src/adapters/outcome-log.ts';
import { outcomeCounts } from '../src/adapters/statistics.ts';
import { tallyBook } from '../src/adapters/tally-book.ts';
import { buildApp } from '../src/app.ts';
import { KnowledgeConfig, learningSettingsFrom } from '../src/config.ts';
import { createMetrics } from '../src/metrics.ts';
import { type KnowledgeTables, migrations } from '../src/migrations.ts';
import { startKnowledge } from '../src/service.ts';
import { leftAlone, outcomeOf } from './fixtures.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let environment: Record<string, string>;
let service: RunningService;
let loop: Store<Record<never, never>>;
let store: Store<KnowledgeTables>;
let transport: Transport;
const story: TimelineEntry[] = [];
const adaptations: Adaptation[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('postgresUrl'));
  const prefix = testPrefix();
  environment = {
    DATABASE_URL: database.url,
    REDIS_URL: inject('redisUrl'),
    CHARTER_QUEUE_PREFIX: prefix,
    LOG_LEVEL: 'silent',
    PORT: '0',
  };
  service = await startKnowledge(environment);
  store = await openStore<KnowledgeTables>({ url: database.url, schema: 'knowledge', migrations });
  loop = await openStore({ url: database.url, schema: 'loop', migrations: {} });
  transport = openTransport({
    app: 'loop',
    store: loop,
    redisUrl: inject('redisUrl'),
    registry: createRegistry('execute'),
    prefix,
    onError: () => undefined,
  });
  transport.consume(timelineQueue, (message) => loop.consume(message, async () => void story.push(message.data)));
  transport.consume(planAdaptationQueue, (message) =>
    loop.consume(message, async () => void adaptations.push(message.data)),
  );
});

afterAll(async () => {
  await transport.close();
  await service.close();
  await loop.close();
  await store.close();
  await database.drop();
});

async function get<Body>(path: string): Promise<Body> {
  const response = await fetch(`${service.url}/api/v1/${path}`);
  expect(response.status, path).toBe(200);
  return (await response.json()) as Body;
}

const report = (body: unknown) =>
  fetch(`${service.url}/api/v1/outcomes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const tell = (outcome: Outcome) =>
  loop.transaction((tx) => tx.enqueue(outcomeQueue, outcome, { incidentId: outcome.incidentId }));

const recorded = (incidentId: string) =>
  get<{ items: Array<Outcome & { correctedBy: string | null }> }>(`outcomes?incidentId=${incidentId}`);

async function learn(...outcomes: Outcome[]): Promise<void> {
  for (const outcome of outcomes) await tell(outcome);
  const last = outcomes.at(-1);
  if (last) await expect.poll(async () => (await recorded(last.incidentId)).items.length).toBe(1);
}

/** An id made at that time. */
function ulidAt(ms: number): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let head = '';
  for (let left = ms, digits = 0; digits < 10; digits++, left = Math.floor(left / 32)) {
    head = `${alphabet[left % 32]}${head}`;
  }
  return head + newId().slice(10);
}

const aboutMetric = (metric: string) => ({ rootCause: { component: 'cache', metric, confidence: 0.9 } });

describe('an outcome', () => {
  test('is recorded, told to its incident and believed', async () => {
    const outcome = outcomeOf(aboutMetric('steal_seconds'));
    await learn(outcome);
    expect((await recorded(outcome.incidentId)).items).toMatchObject([
      { id: outcome.id, type: 'success', executed: true },
    ]);
    await expect
      .poll(() => story.filter(({ incidentId }) => incidentId === outcome.incidentId))
      .toMatchObject([{ stage: 'knowledge', event: 'learned', text: expect.stringContaining('after 1 trial') }]);
    const answer = Recommendation.parse(await get('recommendations?rootCause=steal_seconds&component=cache'));
    expect(answer.best).toMatchObject({ action: 'RESTART_SERVICE', trials: 1, meanTimeToEffectSeconds: 6.5 });
  });

  test('that comes again changes what it taught, it does not teach twice', async () => {
    const metric = aboutMetric('queue_depth');
    const pending = leftAlone({ ...metric, type: 'unknown', disposition: 'observed' });
    await learn(pending);
    await tell({ ...pending, type: 'success', at: new Date(Date.parse(pending.at) + 5_000).toISOString() });
    await expect.poll(async () => (await recorded(pending.incidentId)).items[0]?.type).toBe('success');
    await tell({ ...pending, type: 'ineffective', at: new Date(Date.parse(pending.at) + 9_000).toISOString() });
    await expect.poll(async () => (await recorded(pending.incidentId)).items[0]?.type).toBe('ineffective');
    const { selfRecovery } = Recommendation.parse(await get('recommendations?rootCause=queue_depth'));
    expect(selfRecovery.trials).toBe(1);
    expect(selfRecovery.mean).toBeLessThan(0.5);
  });

  test('said later but older does not replace what is known', async () => {
    const newer = outcomeOf(aboutMetric('heap_bytes'));
    await learn(newer);
    await tell({ ...newer, type: 'degradation', at: new Date(Date.parse(newer.at) - 60_000).toISOString() });
    await expect
      .poll(async () => (await get<{ revisions: unknown[] }>(`outcomes/${newer.id}`)).revisions)
      .toMatchObject([{ stands: true }, { type: 'degradation', stands: false }]);
    expect((await recorded(newer.incidentId)).items[0]?.type).toBe('success');
  });

  test('is corrected when the problem is soon back', async () => {
    const metric = aboutMetric('connections');
    const solved = outcomeOf({ ...metric, at: new Date(Date.now() - 600_000).toISOString() });
    await learn(solved);
    await learn(outcomeOf({ ...metric, incidentId: ulidAt(Date.now() - 300_000) }));
    await expect
      .poll(async () => (await recorded(solved.incidentId)).items)
      .toMatchObject([{ type: 'ineffective', correctedBy: 'relapse' }]);
    const { best } = Recommendation.parse(await get('recommendations?rootCause=connections'));
    expect(best).toMatchObject({ trials: 2, successes: expect.closeTo(1, 2) });
    await expect
      .poll(() => story.filter(({ incidentId }) => incidentId === solved.incidentId).at(-1)?.text)
      .toMatch(/^Corrected to ineffective \(relapse: connections of cache was back within 30 minutes/);
  });
});

describe('a person', () => {
  test('corrects an outcome for good', async () => {
    const outcome = outcomeOf(aboutMetric('disk_bytes'));
    await learn(outcome);
    const answer = await report({ id: outcome.id, type: 'ineffective', reason: 'the disk was full again at night' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: outcome.id, type: 'ineffective', correctedBy: 'local' });
    await tell({ ...outcome, at: new Date(Date.now() + 60_000).toISOString() });
    await expect
      .poll(async () => (await get<{ revisions: unknown[] }>(`outcomes/${outcome.id}`)).revisions.length)
      .toBe(3);
    expect((await recorded(outcome.incidentId)).items[0]?.type).toBe('ineffective');
    const { best } = Recommendation.parse(await get('recommendations?rootCause=disk_bytes'));
    expect(best).toMatchObject({ trials: 1, successes: 0 });
  });

  test('records what was done by hand', async () => {
    const incidentId = newId();
    const answer = await report({
      incidentId,
      component: 'orders',
      type: 'success',
      executed: true,
      rootCause: { component: 'orders', metric: 'threads' },
      actions: [{ action: 'SCALE_UP', target: 'orders', targetClass: 'service' }],
    });
    expect(answer.status).toBe(201);
    expect((await recorded(incidentId)).items).toMatchObject([{ component: 'orders', strategy: 'by-hand' }]);
    const { best } = Recommendation.parse(await get('recommendations?rootCause=threads&component=orders'));
    expect(best).toMatchObject({ action: 'SCALE_UP', strategy: null });
  });

  test('is told what is missing from a new outcome', async () => {
    const answer = await report({ type: 'success' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/incidentId' }, { pointer: '/component' }] });
  });
});

describe('what is learned', () => {
  test('reaches plan when a strategy proves other than expected', async () => {
    const failing = { ...aboutMetric('swap_bytes'), strategy: 'hopeless', type: 'ineffective' as const };
    await learn(...Array.from({ length: 15 }, () => outcomeOf(failing)));
    await expect
      .poll(() => adaptations.filter(({ subject }) => subject === 'hopeless'))
      .toMatchObject([{ kind: 'strategy-belief', reason: expect.stringContaining('5 verified trials') }]);
    expect(adaptations.find(({ subject }) => subject === 'hopeless')?.value).toBeLessThan(0.25);
  });

  test('is listed as patterns, insights and statistics', async () => {
    const { items } = await get<{ items: Array<Record<string, unknown>> }>('patterns?rootCause=swap_bytes');
    expect(items).toMatchObject([{ action: 'RESTART_SERVICE', targetClass: 'service', trials: 15, best: true }]);
    expect((await get<{ items: Array<{ kind: string }> }>('insights')).items.map(({ kind }) => kind)).toContain(
      'useless-remedy',
    );
    expect(await get('statistics?rootCause=swap_bytes')).toMatchObject({
      outcomes: 15,
      executed: 15,
      effectiveness: 0,
      actions: [{ name: 'RESTART_SERVICE', outcomes: 15 }],
      strategies: [{ name: 'hopeless' }],
    });
  });

  test('outlives a restart and the outcomes themselves', async () => {
    await service.close();
    await outcomeLog(store).forgetBefore(-3600);
    service = await startKnowledge(environment);
    expect((await get<{ items: unknown[] }>('outcomes')).items).toEqual([]);
    const { best } = Recommendation.parse(await get('recommendations?rootCause=swap_bytes'));
    expect(best).toMatchObject({ trials: 15 });
  });
});

function appOn(variables: Record<string, string> = {}) {
  const config = configFrom(KnowledgeConfig, { ...environment, ...variables });
  const registry = createRegistry('knowledge');
  return buildApp({
    config,
    log: createLog('knowledge', config),
    registry,
    readiness: {},
    metrics: createMetrics(registry),
    store,
    outcomes: outcomeLog(store),
    tallies: tallyBook(store),
    counter: outcomeCounts(store),
    settings: learningSettingsFrom(config),
    environment: 'test',
    earnedModes: async () => () => 'observe',
  });
}

test('every route asks for the role it names', async () => {
  const keys = await createTestKeys();
  const guarded = await appOn({ CHARTER_API_KEYS: keys.file });
  expect(await expectEveryRouteGuarded(guarded, keys)).toBeGreaterThan(6);
  await guarded.close();
  await keys.close();
});

describeServiceEdges(() => appOn());
