import { newId } from '@charter/store';
import { describe, expect, test } from 'vitest';
import { rootCause, violation } from './fixtures.ts';
import { eventually, useShop } from './shop.ts';

const shop = useShop();
const { incident, resolved, again, plansOf, handedOn, outcomesOf, story, statuses, executed } = shop;

describe('allowed and automatic', () => {
  test('the best plan goes to execute at once, with its generation, and is told', async () => {
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    const [plan] = handedOn(open);
    expect(plan).toMatchObject({
      strategy: 'add-capacity',
      mode: 'auto',
      approval: 'auto_approved',
      generations: { [shop.component]: 1 },
      actions: [{ action: 'SCALE_UP', target: shop.component, parameters: { replicas: 6 } }],
      verification: {
        delaySeconds: 3,
        signals: [{ role: 'violated', rule: 'orders-latency', before: 2.4, threshold: 0.5 }],
      },
    });
    expect(plan?.alternatives.map(({ strategy }) => strategy)).toContain('null');
    await eventually(() => story(open)).toEqual(['planned']);
    expect(shop.loop.neighbors.decisionsAsked.at(-1)).toMatchObject({
      action: 'SCALE_UP',
      target: shop.component,
      plan: { hash: plan?.hash },
    });
    expect(await statuses(open)).toEqual(['sent']);
  });

  test('while it is in flight nothing else is planned for the incident, and a rehearsal ends nothing', async () => {
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    const planId = handedOn(open)[0]?.id ?? '';
    const rehearsal = {
      id: newId(),
      planId,
      incidentId: open.incidentId,
      state: 'completed',
      outcomeType: 'unknown',
      dryRun: true,
    };
    shop.loop.neighbors.executions.push(rehearsal);
    await shop.loop.send(again(open, 2));
    const marker = incident({ rootCauses: [] });
    await shop.loop.send(marker);
    await eventually(() => statuses(marker)).toEqual(['null-plan']);
    expect(await statuses(open)).toEqual(['sent']);
  });

  test('an ineffective one is followed by the next rung, with the next generation, and then by nothing', async () => {
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    executed(open, 'ineffective');
    await shop.loop.send(again(open, 2));
    await eventually(() => handedOn(open).map(({ strategy }) => strategy)).toEqual(['add-capacity', 'restart']);
    expect(handedOn(open)[1]?.generations).toEqual({ [shop.component]: 2 });
    executed(open, 'degradation', 'rolled_back');
    await shop.loop.send(again(open, 3));
    await eventually(() => statuses(open)).toEqual(['null-plan', 'executed', 'executed']);
    const [nothing] = await plansOf(open);
    expect(nothing?.alternatives.map(({ strategy, blockedBy }) => [strategy, blockedBy])).toEqual(
      expect.arrayContaining([
        ['add-capacity', expect.stringMatching(/ended ineffective/)],
        ['restart', expect.stringMatching(/ended degradation/)],
      ]),
    );
  });

  test('a target that rests is acted on as soon as it may be, without another report', async () => {
    const state = shop.loop.neighbors.targets.find(({ name }) => name === shop.component);
    if (!state) throw new Error('no state');
    state.blockedUntil = '2099-01-01T00:00:00.000Z';
    state.blockedReason = 'cool-down';
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => statuses(open)).toEqual(['null-plan']);
    expect((await plansOf(open))[0]?.reasons[0]).toMatch(/rests until 2099.*cool-down/);
    state.blockedUntil = null;
    await eventually(() => statuses(open)).toEqual(['sent', 'null-plan']);
  });

  test('after success it rests: what is reported late starts nothing', async () => {
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    executed(open, 'success');
    await eventually(() => statuses(open)).toEqual(['executed']);
    expect((await shop.loop.post('/api/v1/plans', { analysis: again(open, 2) })).status).toBe(409);
    expect(await statuses(open)).toEqual(['executed']);
  });

  test('an outcome nobody can tell stops the incident and says so', async () => {
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    executed(open, 'unknown');
    await shop.loop.send(again(open, 2));
    await eventually(() => statuses(open)).toEqual(['null-plan', 'executed']);
    expect((await plansOf(open))[0]?.reasons[0]).toMatch(/a person is asked/);
  });

  test('generations go on from what execute has applied', async () => {
    const state = shop.loop.neighbors.targets.find(({ name }) => name === shop.component);
    if (state) state.generation = 41;
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)[0]?.generations).toEqual({ [shop.component]: 42 });
  });

  test('two incidents that want the same target: one acts, the other says what it waits for', async () => {
    const [first, second] = [incident(), incident()];
    await Promise.all([shop.loop.send(first), shop.loop.send(second)]);
    await eventually(async () => [...(await statuses(first)), ...(await statuses(second))].sort()).toEqual([
      'null-plan',
      'sent',
    ]);
    const waiting = [...(await plansOf(first)), ...(await plansOf(second))].find(
      ({ status }) => status === 'null-plan',
    );
    expect(waiting?.reasons[0]).toMatch(/one change in flight per target/);
  });
});

describe('nothing is done', () => {
  test.each([
    [
      'when all is silenced',
      () =>
        incident({
          violations: [violation({ component: shop.component, suppressed: { by: 'silence', reference: 's9' } })],
        }),
      /silence s9/,
    ],
    ['without a root cause', () => incident({ verdict: 'undetermined', rootCauses: [] }), /no root cause/],
    [
      'below the least confidence',
      () => incident({ rootCauses: [rootCause({ component: shop.component, confidence: 0.4 })] }),
      /40 % certain/,
    ],
    [
      'without a strategy',
      () => incident({ rootCauses: [rootCause({ component: shop.component, metric: 'payment-provider' })] }),
      /No strategy/,
    ],
  ])('%s, explained, and once however often it is said again', async (_name, make, reason) => {
    const open = make();
    await shop.loop.send(open);
    await eventually(() => statuses(open)).toEqual(['null-plan']);
    expect((await plansOf(open))[0]?.reasons[0]).toMatch(reason);
    await eventually(() => outcomesOf(open)).toMatchObject([
      { type: 'unknown', disposition: 'null-plan', executed: false },
    ]);
    await shop.loop.send(again(open, 2));
    await shop.loop.send(resolved(open, 3));
    await eventually(() => outcomesOf(open)).toHaveLength(2);
    const [before, after] = outcomesOf(open);
    expect(after).toEqual({ ...before, type: 'success' });
    expect(await statuses(open)).toEqual(['null-plan']);
    await eventually(() => story(open)).toEqual(['planned', 'plan-ended']);
  });

  test('an incident that is part of another one is planned there', async () => {
    const open = incident({ mergedInto: newId() });
    await shop.loop.send(open);
    await eventually(() => story(open)).toEqual(['merged']);
    await shop.loop.send(again(open, 2));
    await shop.loop.send(resolved(open, 3));
    expect(await plansOf(open)).toEqual([]);
    expect(handedOn(open)).toEqual([]);
  });

  test('an older revision that comes late changes nothing', async () => {
    const open = incident();
    await shop.loop.send(resolved(open, 5));
    await eventually(
      async () => (await shop.loop.post('/api/v1/plans', { analysis: { ...open, revision: 4 } })).status,
    ).toBe(409);
    expect(await plansOf(open)).toEqual([]);
  });
});
