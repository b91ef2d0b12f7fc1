import type { Analysis } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { eventually, useShop } from './shop.ts';
import { allow, decide } from './stand-ins.ts';

const shop = useShop();
const { incident, resolved, again, plansOf, handedOn, outcomesOf, story, statuses } = shop;

describe('modes and denials', () => {
  test('observe records what would have been done and hands nothing on', async () => {
    shop.loop.neighbors.decision = () => allow({ automation: 'observe' });
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => outcomesOf(open)).toMatchObject([{ type: 'unknown', disposition: 'observed' }]);
    const [plan] = await plansOf(open);
    expect(plan).toMatchObject({
      status: 'observed',
      strategy: 'add-capacity',
      actions: [{ action: 'SCALE_UP' }],
      generations: {},
    });
    expect(handedOn(open)).toEqual([]);
  });

  test('a denied plan gives way to the next one', async () => {
    shop.loop.neighbors.decision = ({ action }) => allow({ effect: action === 'SCALE_UP' ? 'deny' : 'allow' });
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open).map(({ strategy }) => strategy)).toEqual(['restart']);
    const denied = handedOn(open)[0]?.alternatives.find(({ strategy }) => strategy === 'add-capacity');
    expect(denied?.blockedBy).toMatch(/the charter denies it/);
  });

  test('all denied ends in an outcome that says so, once, and in a plan as soon as policy allows', async () => {
    shop.loop.neighbors.decision = () => allow({ effect: 'deny' });
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => outcomesOf(open)).toMatchObject([{ type: 'unknown', disposition: 'denied' }]);
    expect(await statuses(open)).toEqual(['denied']);
    await shop.loop.send(again(open, 2));
    shop.loop.neighbors.decision = () => allow({});
    await shop.loop.send(again(open, 3));
    await eventually(() => statuses(open)).toEqual(['sent', 'denied']);
  });

  test('a size above what policy allows is lowered to it', async () => {
    shop.loop.neighbors.decision = () => allow({ obligations: { maxReplicas: 5 } });
    const open = incident();
    await shop.loop.send(open);
    await eventually(() => handedOn(open)[0]?.actions[0]?.parameters).toEqual({ replicas: 5 });
  });
});

describe('approval', () => {
  const pending = async (open: Analysis) => {
    shop.loop.neighbors.decision = () => allow({ effect: 'require-approval' });
    await shop.loop.send(open);
    await eventually(async () => (await plansOf(open))[0]?.approvalId ?? null).not.toBeNull();
    const [plan] = await plansOf(open);
    if (!plan?.approvalId) throw new Error('nobody was asked');
    return { plan, approvalId: plan.approvalId };
  };

  test('people are asked with the plan hash and an explanation; approved, it goes to execute', async () => {
    const open = incident();
    const { plan, approvalId } = await pending(open);
    expect(shop.loop.neighbors.approvals.get(approvalId)).toMatchObject({
      planId: plan.id,
      planHash: plan.hash,
      title: expect.stringContaining('SCALE_UP'),
      explanation: expect.stringContaining('Root cause'),
    });
    expect(handedOn(open)).toEqual([]);
    const vote = await shop.loop.post(
      `/api/v1/plans/${plan.id}/approve`,
      { reason: 'go' },
      { authorization: 'Bearer ada-key' },
    );
    expect(vote).toMatchObject({ status: 200, body: { status: 'approved' } });
    expect(shop.loop.neighbors.lastVoteBy).toBe('Bearer ada-key');
    await eventually(() => handedOn(open)).toHaveLength(1);
    expect(handedOn(open)[0]).toMatchObject({ id: plan.id, hash: plan.hash, approval: 'approved' });
    await eventually(() => story(open)).toEqual(['planned', 'approval-requested', 'approval-decided']);
  });

  test('rejected, it ends, and the next rung is asked about', async () => {
    const open = incident();
    const { plan } = await pending(open);
    expect((await shop.loop.post(`/api/v1/plans/${plan.id}/reject`, { reason: 'not now' })).status).toBe(200);
    await eventually(() => statuses(open)).toContain('rejected');
    await eventually(() => outcomesOf(open)).toMatchObject([{ disposition: 'rejected', type: 'unknown' }]);
    expect((await plansOf(open)).at(-1)?.statusReason).toContain('ada: not now');
    expect((await shop.loop.post(`/api/v1/plans/${plan.id}/approve`)).status).toBe(409);
    await eventually(async () => (await plansOf(open)).map(({ strategy }) => strategy)).toEqual([
      'restart',
      'add-capacity',
    ]);
  });

  test('expired at the charter, it ends', async () => {
    const open = incident();
    const { approvalId } = await pending(open);
    decide(shop.loop.neighbors, approvalId, 'expired');
    await eventually(() => statuses(open)).toContain('expired');
    await eventually(() => outcomesOf(open)).toMatchObject([{ disposition: 'expired' }]);
  });

  test('when the incident goes away meanwhile it is withdrawn, here and at the charter', async () => {
    const open = incident();
    const { approvalId } = await pending(open);
    await shop.loop.send(resolved(open, 2));
    await eventually(() => statuses(open)).toEqual(['withdrawn']);
    await eventually(() => outcomesOf(open)).toMatchObject([{ disposition: 'withdrawn', type: 'success' }]);
    await eventually(() => shop.loop.neighbors.approvals.get(approvalId)?.status).toBe('rejected');
    expect(handedOn(open)).toEqual([]);
  });

  test('people may tighten what they approve: the plan goes to execute as they left it', async () => {
    const open = incident();
    const { plan, approvalId } = await pending(open);
    const asked = shop.loop.neighbors.approvals.get(approvalId);
    if (!asked) throw new Error('nobody was asked');
    const tightened = { planHash: 'tightened', editedFrom: plan.hash, obligations: { blastRadius: 0.1 } };
    shop.loop.neighbors.approvals.set(approvalId, { ...asked, ...tightened });
    decide(shop.loop.neighbors, approvalId, 'approved');
    await eventually(() => handedOn(open)).toHaveLength(1);
    expect(handedOn(open)[0]).toMatchObject({ id: plan.id, hash: 'tightened', obligations: { blastRadius: 0.1 } });
  });

  test('approved after a silence was set, nothing is done', async () => {
    const open = incident();
    const { approvalId } = await pending(open);
    const silenced = open.violations.map((each) => ({
      ...each,
      suppressed: { by: 'silence' as const, reference: 's1' },
    }));
    await shop.loop.send({ ...again(open, 2), violations: silenced });
    await eventually(
      async () =>
        (await shop.loop.post('/api/v1/plans', { analysis: { ...open, violations: silenced, revision: 2 } })).status,
    ).toBe(409);
    decide(shop.loop.neighbors, approvalId, 'approved');
    await eventually(() => statuses(open)).toEqual(['null-plan', 'withdrawn']);
    expect(handedOn(open)).toEqual([]);
  });
});
