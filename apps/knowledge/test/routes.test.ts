import { execFileSync } from 'node:child_process';
import { configFrom, createLog, createRegistry } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded } from '@charter/service/testing';
import type { Outcome, Recommendation } from '@charter/shared/contracts';
import { findBinaries } from '@charter/stack';
import { newId, openStore, type Store } from '@charter/store';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { autonomyStates } from '../src/adapters/autonomy-log.ts';
import { incidentMemory } from '../src/adapters/incident-memory.ts';
import { outcomeLog } from '../src/adapters/outcome-log.ts';
import { passageShelf } from '../src/adapters/passage-shelf.ts';
import { outcomeCounts } from '../src/adapters/statistics.ts';
import { tallyBook } from '../src/adapters/tally-book.ts';
import { buildApp } from '../src/app.ts';
import { KnowledgeConfig, learningSettingsFrom } from '../src/config.ts';
import { createMetrics } from '../src/metrics.ts';
import { type KnowledgeTables, migrations } from '../src/migrations.ts';
import { aboutMetric, outcomeOf } from './fixtures.ts';
import { type Loop, startLoop } from './loop.ts';

let loop: Loop;
let store: Store<KnowledgeTables>;

beforeAll(async () => {
  loop = await startLoop({ postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') });
  store = await openStore<KnowledgeTables>({ url: loop.environment.DATABASE_URL, schema: 'knowledge', migrations });
});
afterAll(async () => {
  await store.close();
  await loop.close();
});

describe('autonomy', () => {
  const acted = (days: number, changes: Partial<Outcome> = {}) =>
    outcomeOf({
      ...aboutMetric('cpu_ratio'),
      strategy: 'add-replicas',
      actions: [{ action: 'SCALE_UP', target: 'search', targetClass: 'stateless' }],
      at: new Date(Date.now() - 86_400_000 * days).toISOString(),
      ...changes,
    });
  const earned = async () =>
    (
      await loop.get<{
        items: Array<{ mode: string; missing: string[]; changes: Array<{ from: string; to: string }> }>;
      }>('autonomy?action=SCALE_UP&targetClass=stateless')
    ).items[0];

  test('is earned by a long clean record and lost at once', async () => {
    await loop.learn(...Array.from({ length: 5 }, (_, index) => acted(60 - index)));
    expect(await earned()).toMatchObject({ mode: 'approve' });
    expect((await earned())?.missing.join('; ')).toMatch(/more verified cases.*more days of record.*harm shown/);
    await loop.post('outcomes/import', { items: Array.from({ length: 40 }, (_, index) => acted(50 - index)) });
    expect(await earned()).toMatchObject({ mode: 'auto', missing: [] });
    const answer = await loop.get<Recommendation>('recommendations?rootCause=cpu_ratio');
    expect(answer.best?.earned).toBe('auto');
    const insights = await loop.get<{ items: Array<{ kind: string; text: string }> }>('insights');
    expect(insights.items).toContainEqual(
      expect.objectContaining({ kind: 'promote', text: expect.stringContaining('SCALE_UP on stateless has earned') }),
    );
    const worse = acted(0, { type: 'degradation', timeToStabilizeSeconds: null });
    await loop.learn(worse);
    expect(await earned()).toMatchObject({ mode: 'approve', changes: [{ from: 'auto', to: 'approve' }, {}, {}] });
    expect((await loop.get<typeof insights>('insights')).items[0]).toMatchObject({ kind: 'demote' });
    await expect
      .poll(() => loop.story.filter(({ incidentId }) => incidentId === worse.incidentId).map(({ text }) => text))
      .toContainEqual(
        expect.stringMatching(/^SCALE_UP on stateless has now earned approve, not auto: it made things worse/),
      );
  });
});

describe('autonomy under several policies', () => {
  const under = (policy: string, days: number, changes: Partial<Outcome> = {}) =>
    outcomeOf({
      ...aboutMetric('disk_ratio'),
      policy,
      strategy: 'move-load',
      actions: [{ action: 'SCALE_DOWN', target: 'search', targetClass: 'store' }],
      at: new Date(Date.now() - 86_400_000 * days).toISOString(),
      ...changes,
    });
  type Views = { items: Array<{ policy: string; mode: string; reason: string; missing: string[] }> };
  const views = async (policy: string) =>
    (await loop.get<Views>(`autonomy?policy=${policy}&action=SCALE_DOWN&targetClass=store`)).items;

  test('is earned for each by itself, with the record of the other as that of its like', async () => {
    const items = Array.from({ length: 40 }, (_, index) => under('shop', 50 - index));
    await loop.post('outcomes/import', { items });
    expect(await views('shop')).toMatchObject([{ policy: 'shop', mode: 'auto' }]);
    await loop.learn(under('night', 0));
    const [night] = await views('night');
    expect(night).toMatchObject({ policy: 'night', mode: 'observe', likeCases: 40 });
    expect(night?.missing.join('; ')).toMatch(/more verified cases.*more days of record/);
  });

  test('is taken back by a person, stays so through corrections, and says who and why', async () => {
    const body = { policy: 'shop', action: 'SCALE_DOWN', targetClass: 'store', reason: 'migration week' };
    const answer = await loop.post('autonomy/revoke', body);
    expect(await answer.json()).toMatchObject({ policy: 'shop', from: 'auto', to: 'observe' });
    expect((await loop.post('autonomy/revoke', body)).status).toBe(409);
    expect((await loop.post('autonomy/revoke', { ...body, policy: 'nobody' })).status).toBe(404);
    const [before] = (await loop.get<{ items: Outcome[] }>('outcomes?rootCause=disk_ratio&limit=50')).items.slice(-1);
    await loop.post('outcomes', { id: before?.id, type: 'partial', reason: 'only half of it' });
    expect(await views('shop')).toMatchObject([
      { mode: 'observe', reason: expect.stringMatching(/took it back: migration week/) },
    ]);
    expect((await views('shop'))[0]?.missing.join('; ')).toMatch(/more clean cases/);
  });

  test('three bad cases in a row end it', async () => {
    const policy = 'canary';
    const items = Array.from({ length: 40 }, (_, index) => under(policy, 60 - index));
    await loop.post('outcomes/import', { items });
    expect(await views(policy)).toMatchObject([{ mode: 'auto' }]);
    const bad = { type: 'ineffective' as const, timeToStabilizeSeconds: null };
    await loop.learn(under(policy, 0.3, bad), under(policy, 0.2, bad), under(policy, 0.1, bad));
    await expect.poll(async () => (await views(policy))[0]?.mode).toBe('approve');
  });
});

describe('similar incidents', () => {
  const about = (metric: string, component: string) =>
    outcomeOf({ component, rootCause: { component, metric, confidence: 0.9 } });

  test('are those with the same cause, closest first, with how they ended', async () => {
    const asked = about('thread_pool_busy_ratio', 'ledger');
    const same = about('thread_pool_busy_ratio', 'ledger');
    const kin = about('thread_pool_busy_ratio', 'invoices');
    const other = about('certificate_expiry_days', 'edge');
    await loop.post('outcomes/import', { items: [asked, same, kin, other] });
    const { items } = await loop.get<{ items: Array<{ incidentId: string; outcomes: Outcome[] }> }>(
      `similar?incident=${asked.incidentId}&limit=2`,
    );
    expect(items.map(({ incidentId }) => incidentId)).toEqual([same.incidentId, kin.incidentId]);
    expect(items[0]?.outcomes).toMatchObject([{ type: 'success', strategy: 'restart-cache' }]);
  });

  test('of an incident that nobody knows cannot be told', async () => {
    const app = await appOn();
    const answer = await app.inject(`/api/v1/similar?incident=${newId()}`);
    expect(answer.statusCode).toBe(404);
    await app.close();
  });
});

describe('what one installation learned', () => {
  test('another can take over, once', async () => {
    const metric = aboutMetric('gc_seconds');
    const items = Array.from({ length: 3 }, () => ({ ...outcomeOf(metric), correctedBy: null, correction: null }));
    const take = async () => {
      const response = await loop.post('outcomes/import', { items });
      return response.json();
    };
    expect(await take()).toEqual({ learned: 3, known: 0 });
    expect(await take()).toEqual({ learned: 0, known: 3 });
    expect((await loop.get<Recommendation>('recommendations?rootCause=gc_seconds')).best).toMatchObject({ trials: 3 });
  });
});

function appOn(variables: Record<string, string> = {}) {
  const config = configFrom(KnowledgeConfig, { ...loop.environment, ...variables });
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
    memory: incidentMemory(store),
    passages: passageShelf(store),
    signals: () => [],
    summaries: null,
    analyses: { latestOf: async () => null },
    settings: learningSettingsFrom(config),
    environment: 'test',
    earnedStates: () => autonomyStates(store),
    onEarned: () => undefined,
  });
}

test('metrics pass promtool, with what is specific to knowledge', async () => {
  const app = await appOn();
  const text = (await app.inject('/metrics')).body;
  for (const name of [
    'outcomes_total',
    'relapses_total',
    'adaptations_total',
    'autonomy_changes_total',
    'time_to_stabilize_seconds',
    'harmful_actions_ratio',
  ]) {
    expect(text).toContain(`charter_knowledge_${name}`);
  }
  const { promtool } = await findBinaries();
  const options = { input: text, stdio: 'pipe' } as const;
  expect(execFileSync(promtool.path, ['check', 'metrics'], options).toString()).toBe('');
  await app.close();
});

test('every route asks for the role it names', async () => {
  const keys = await createTestKeys();
  const guarded = await appOn({ CHARTER_API_KEYS: keys.file });
  expect(await expectEveryRouteGuarded(guarded, keys)).toBeGreaterThan(6);
  await guarded.close();
  await keys.close();
});

describeServiceEdges(() => appOn());
