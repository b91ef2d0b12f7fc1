import { newId } from '@charter/store';
import { describe, expect, test } from 'vitest';
import { eventually, useShop } from './shop.ts';

const shop = useShop();
const { incident, plansOf, handedOn, story, statuses } = shop;

describe('neighbors that are away', () => {
  test('without Knowledge the price list decides', async () => {
    shop.loop.neighbors.away.add('knowledge');
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    expect(handedOn(open)[0]?.reasons.join()).toContain("the pack's expectation");
  });

  test.each(['charter', 'execute'] as const)(
    'without %s nothing is planned, and it is once it is back',
    async (service) => {
      shop.loop.neighbors.away.add(service);
      const open = incident();
      await shop.loop.send(open);
      expect((await shop.loop.post('/api/v1/plans', { analysis: open, dryRun: true })).status).toBe(503);
      expect(await plansOf(open)).toEqual([]);
      shop.loop.neighbors.away.delete(service);
      await eventually(() => handedOn(open)).toHaveLength(1);
    },
  );

  test('what Knowledge saw fail is not chosen', async () => {
    shop.loop.neighbors.recommendation = {
      rootCause: 'saturation',
      component: shop.component,
      best: null,
      reason: '',
      actions: [
        {
          action: 'SCALE_UP',
          targetClass: 'service',
          strategy: 'add-capacity',
          trials: 40,
          successes: 2,
          harms: 10,
          mean: 0.06,
          lower: 0.02,
          upper: 0.12,
          meanTimeToEffectSeconds: 10,
          confidence: 1,
          earned: 'observe',
        },
      ],
      selfRecovery: { trials: 0, mean: 0.5, lower: 0, upper: 1 },
    };
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open).map(({ strategy }) => strategy)).toEqual(['restart']);
  });
});

describe('on demand', () => {
  test('a dry run shows everything and records nothing', async () => {
    const open = incident();
    const { status, body } = await shop.loop.post('/api/v1/plans', { analysis: open, dryRun: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'sent',
      strategy: 'add-capacity',
      explanation: expect.arrayContaining([expect.stringContaining('Root cause')]),
    });
    expect(await plansOf(open)).toEqual([]);
    expect(handedOn(open)).toEqual([]);
    expect(story(open)).toEqual([]);
  });

  test('a plan is made from an analysis that was heard before, by its id', async () => {
    const open = incident({ rootCauses: [] });
    await shop.loop.send(open);
    await eventually(() => statuses(open)).toEqual(['null-plan']);
    expect(await shop.loop.post('/api/v1/plans', { analysisId: open.id, dryRun: true })).toMatchObject({
      status: 200,
      body: { strategy: 'null' },
    });
    expect((await shop.loop.post('/api/v1/plans', { analysisId: newId(), dryRun: true })).status).toBe(404);
    expect((await shop.loop.post('/api/v1/plans', { dryRun: true })).status).toBe(400);
  });

  test('a plan that is asked for is recorded and handed on', async () => {
    const open = incident();
    const { status, body } = await shop.loop.post('/api/v1/plans', { analysis: open });
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'sent', generations: { [shop.component]: 1 } });
    await eventually(() => handedOn(open)).toHaveLength(1);
  });
});
