import { Recommendation } from '@charter/shared/contracts';
import { newId, openStore } from '@charter/store';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { outcomeLog } from '../src/adapters/outcome-log.ts';
import { type KnowledgeTables, migrations } from '../src/migrations.ts';
import { aboutMetric, leftAlone, outcomeOf } from './fixtures.ts';
import { type Loop, startLoop } from './loop.ts';

let loop: Loop;

beforeAll(async () => {
  loop = await startLoop({ postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') });
});
afterAll(() => loop.close());

/** An id made at that time. */
function ulidAt(ms: number): string {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let head = '';
  for (let left = ms, digits = 0; digits < 10; digits++, left = Math.floor(left / 32)) {
    head = `${alphabet[left % 32]}${head}`;
  }
  return head + newId().slice(10);
}

describe('an outcome', () => {
  test('is recorded, told to its incident and believed', async () => {
    const outcome = outcomeOf(aboutMetric('steal_seconds'));
    await loop.learn(outcome);
    expect((await loop.recorded(outcome.incidentId)).items).toMatchObject([
      { id: outcome.id, type: 'success', executed: true },
    ]);
    await expect
      .poll(() => loop.story.filter(({ incidentId }) => incidentId === outcome.incidentId))
      .toMatchObject([{ stage: 'knowledge', event: 'learned', text: expect.stringContaining('after 1 trial') }]);
    const answer = Recommendation.parse(await loop.get('recommendations?rootCause=steal_seconds&component=cache'));
    expect(answer.best).toMatchObject({ action: 'RESTART_SERVICE', trials: 1, meanTimeToEffectSeconds: 6.5 });
  });

  test('that comes again changes what it taught, it does not teach twice', async () => {
    const metric = aboutMetric('queue_depth');
    const pending = leftAlone({ ...metric, type: 'unknown', disposition: 'observed' });
    await loop.learn(pending);
    await loop.tell({ ...pending, type: 'success', at: new Date(Date.parse(pending.at) + 5_000).toISOString() });
    await expect.poll(async () => (await loop.recorded(pending.incidentId)).items[0]?.type).toBe('success');
    await loop.tell({ ...pending, type: 'ineffective', at: new Date(Date.parse(pending.at) + 9_000).toISOString() });
    await expect.poll(async () => (await loop.recorded(pending.incidentId)).items[0]?.type).toBe('ineffective');
    const { selfRecovery } = Recommendation.parse(await loop.get('recommendations?rootCause=queue_depth'));
    expect(selfRecovery.trials).toBe(1);
    expect(selfRecovery.mean).toBeLessThan(0.5);
  });

  test('said later but older does not replace what is known', async () => {
    const newer = outcomeOf(aboutMetric('heap_bytes'));
    await loop.learn(newer);
    await loop.tell({ ...newer, type: 'degradation', at: new Date(Date.parse(newer.at) - 60_000).toISOString() });
    await expect
      .poll(async () => (await loop.get<{ revisions: unknown[] }>(`outcomes/${newer.id}`)).revisions)
      .toMatchObject([{ stands: true }, { type: 'degradation', stands: false }]);
    expect((await loop.recorded(newer.incidentId)).items[0]?.type).toBe('success');
  });

  test('is corrected when the problem is soon back', async () => {
    const metric = aboutMetric('connections');
    const solved = outcomeOf({
      ...metric,
      at: new Date(Date.now() - 600_000).toISOString(),
      timeToStabilizeSeconds: 60,
    });
    await loop.learn(solved);
    await loop.learn(outcomeOf({ ...metric, incidentId: ulidAt(Date.now() - 300_000) }));
    await expect
      .poll(async () => (await loop.recorded(solved.incidentId)).items)
      .toMatchObject([{ type: 'ineffective', correctedBy: 'relapse' }]);
    const { best } = Recommendation.parse(await loop.get('recommendations?rootCause=connections'));
    expect(best).toMatchObject({ trials: 2, successes: expect.closeTo(1, 2) });
    await expect
      .poll(() => loop.story.filter(({ incidentId }) => incidentId === solved.incidentId).at(-1)?.text)
      .toMatch(/^Corrected to ineffective \(relapse: connections of cache was back after 30\d s/);
  });
});

describe('a person', () => {
  test('corrects an outcome for good', async () => {
    const outcome = outcomeOf(aboutMetric('disk_bytes'));
    await loop.learn(outcome);
    const answer = await loop.post('outcomes', {
      id: outcome.id,
      type: 'ineffective',
      reason: 'the disk was full again at night',
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: outcome.id, type: 'ineffective', correctedBy: 'local' });
    await loop.tell({ ...outcome, at: new Date(Date.now() + 60_000).toISOString() });
    await expect
      .poll(async () => (await loop.get<{ revisions: unknown[] }>(`outcomes/${outcome.id}`)).revisions.length)
      .toBe(3);
    expect((await loop.recorded(outcome.incidentId)).items[0]?.type).toBe('ineffective');
    const { best } = Recommendation.parse(await loop.get('recommendations?rootCause=disk_bytes'));
    expect(best).toMatchObject({ trials: 1, successes: 0 });
  });

  test('records what was done by hand', async () => {
    const incidentId = newId();
    const answer = await loop.post('outcomes', {
      incidentId,
      component: 'orders',
      type: 'success',
      executed: true,
      rootCause: { component: 'orders', metric: 'threads' },
      actions: [{ action: 'SCALE_UP', target: 'orders', targetClass: 'service' }],
    });
    expect(answer.status).toBe(201);
    expect((await loop.recorded(incidentId)).items).toMatchObject([{ component: 'orders', strategy: 'by-hand' }]);
    const { best } = Recommendation.parse(await loop.get('recommendations?rootCause=threads&component=orders'));
    expect(best).toMatchObject({ action: 'SCALE_UP', strategy: null });
  });

  test('is told what is missing from a new outcome', async () => {
    const answer = await loop.post('outcomes', { type: 'success' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer: '/incidentId' }, { pointer: '/component' }] });
  });
});

describe('what is learned', () => {
  test('reaches plan when a strategy proves other than expected', async () => {
    const failing = { ...aboutMetric('swap_bytes'), strategy: 'hopeless', type: 'ineffective' as const };
    await loop.learn(...Array.from({ length: 15 }, () => outcomeOf(failing)));
    await expect
      .poll(() => loop.adaptations.filter(({ subject }) => subject === 'hopeless'))
      .toMatchObject([{ kind: 'strategy-belief', reason: expect.stringContaining('5 verified trials') }]);
    expect(loop.adaptations.find(({ subject }) => subject === 'hopeless')?.value).toBeLessThan(0.25);
  });

  test('is listed as patterns, insights and statistics', async () => {
    const { items } = await loop.get<{ items: Array<Record<string, unknown>> }>('patterns?rootCause=swap_bytes');
    expect(items).toMatchObject([{ action: 'RESTART_SERVICE', targetClass: 'service', trials: 15, best: true }]);
    expect((await loop.get<{ items: Array<{ kind: string }> }>('insights')).items.map(({ kind }) => kind)).toContain(
      'useless-remedy',
    );
    expect(await loop.get('statistics?rootCause=swap_bytes')).toMatchObject({
      outcomes: 15,
      executed: 15,
      effectiveness: 0,
      actions: [{ name: 'RESTART_SERVICE', outcomes: 15 }],
      strategies: [{ name: 'hopeless' }],
    });
  });

  test('outlives a restart and the outcomes themselves', async () => {
    await loop.restart(async () => {
      const store = await openStore<KnowledgeTables>({
        url: loop.environment.DATABASE_URL,
        schema: 'knowledge',
        migrations,
      });
      await outcomeLog(store).forgetBefore(-3600);
      await store.close();
    });
    expect((await loop.get<{ items: unknown[] }>('outcomes')).items).toEqual([]);
    const { best } = Recommendation.parse(await loop.get('recommendations?rootCause=swap_bytes'));
    expect(best).toMatchObject({ trials: 15 });
  });
});
