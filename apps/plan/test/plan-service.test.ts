import type { ActivePack, Analysis } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { PlanItem } from '../src/adapters/plan-log.ts';
import {
  analysis,
  noon,
  rootCause,
  scaleUp,
  targetState,
  violation,
  writtenStrategy,
  writtenTarget,
} from './fixtures.ts';
import { type Loop, startLoop } from './loop.ts';
import { allow, decide } from './stand-ins.ts';

const components = Array.from({ length: 40 }, (_, index) => `orders-${String(index)}`);
const pack: ActivePack = {
  id: newId(),
  name: 'demo',
  version: '1',
  environment: 'production',
  activatedAt: noon,
  policies: [],
  documents: [
    ...components.map((name) => writtenTarget(name)),
    writtenStrategy('add-capacity', [scaleUp({ delay: '3s' })], { match: { metrics: ['saturation'] } }),
    writtenStrategy('restart', [{ action: 'RESTART_SERVICE' }], { match: { metrics: ['saturation'] }, rung: 1 }),
  ],
};

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 20 });

let loop: Loop;
let next = 0;
let component: string;

beforeAll(async () => {
  const servers = { postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') };
  // every test has an incident of its own and leaves it open: the brake must not see a storm in that
  loop = await startLoop(
    servers,
    { pack, targets: components.map((name) => targetState(name)) },
    { PLAN_STORM_COMPONENTS: '99' },
  );
  await vi.waitFor(async () => expect((await loop.get('/ready')).status).toBe(200), { timeout: 10_000 });
});
afterAll(() => loop.close());

beforeEach(() => {
  component = components[next] ?? 'none';
  next += 1;
  loop.neighbors.decision = () => allow({});
  loop.neighbors.recommendation = null;
  loop.neighbors.away.clear();
});

function incident(change: Partial<Analysis> = {}): Analysis {
  const incidentId = change.incidentId ?? newId();
  return analysis({
    violations: [violation({ incidentId, component })],
    rootCauses: [rootCause({ component })],
    ...change,
    incidentId,
  });
}
const resolved = (open: Analysis, revision: number): Analysis => ({
  ...open,
  id: newId(),
  revision,
  violations: open.violations.map((each) => ({
    ...each,
    state: 'resolved' as const,
    resolvedAt: new Date().toISOString(),
  })),
});
const again = (open: Analysis, revision: number): Analysis => ({ ...open, id: newId(), revision });

const Items = z.object({ items: z.array(PlanItem) });
const plansOf = async ({ incidentId }: Analysis) =>
  Items.parse((await loop.get(`/api/v1/plans?incidentId=${incidentId}`)).body).items;
const handedOn = ({ incidentId }: Analysis) => loop.plans.filter((plan) => plan.incidentId === incidentId);
const outcomesOf = ({ incidentId }: Analysis) =>
  loop.outcomes
    .filter((outcome) => outcome.incidentId === incidentId)
    .map(({ id, type, disposition, executed }) => ({ id, type, disposition, executed }));
const story = ({ incidentId }: Analysis) =>
  loop.timeline.filter((entry) => entry.incidentId === incidentId).map(({ event }) => event);
const statuses = async (open: Analysis) => (await plansOf(open)).map(({ status }) => status);

/** Execute reports how the newest plan of an incident went. */
function executed(open: Analysis, outcomeType: string, state = 'completed'): void {
  const plan = handedOn(open).at(-1);
  if (!plan) throw new Error('no plan was handed on');
  loop.neighbors.executions.push({ id: newId(), planId: plan.id, incidentId: open.incidentId, state, outcomeType });
}

describe('allowed and automatic', () => {
  test('the best plan goes to execute at once, with its generation, and is told', async () => {
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    const [plan] = handedOn(open);
    expect(plan).toMatchObject({
      strategy: 'add-capacity',
      mode: 'auto',
      approval: 'auto_approved',
      generations: { [component]: 1 },
      actions: [{ action: 'SCALE_UP', target: component, parameters: { replicas: 6 } }],
      verification: {
        delaySeconds: 3,
        signals: [{ role: 'violated', rule: 'orders-latency', before: 2.4, threshold: 0.5 }],
      },
    });
    expect(plan?.alternatives.map(({ strategy }) => strategy)).toContain('null');
    await eventually(() => story(open)).toEqual(['planned']);
    expect(loop.neighbors.decisionsAsked.at(-1)).toMatchObject({
      action: 'SCALE_UP',
      target: component,
      plan: { hash: plan?.hash },
    });
    expect(await statuses(open)).toEqual(['sent']);
  });

  test('while it is in flight nothing else is planned for the incident, and a rehearsal ends nothing', async () => {
    const open = incident();
    await loop.send(open);
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
    loop.neighbors.executions.push(rehearsal);
    await loop.send(again(open, 2));
    const marker = incident({ rootCauses: [] });
    await loop.send(marker);
    await eventually(() => statuses(marker)).toEqual(['null-plan']);
    expect(await statuses(open)).toEqual(['sent']);
  });

  test('an ineffective one is followed by the next rung, with the next generation, and then by nothing', async () => {
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    executed(open, 'ineffective');
    await loop.send(again(open, 2));
    await eventually(() => handedOn(open).map(({ strategy }) => strategy)).toEqual(['add-capacity', 'restart']);
    expect(handedOn(open)[1]?.generations).toEqual({ [component]: 2 });
    executed(open, 'degradation', 'rolled_back');
    await loop.send(again(open, 3));
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
    const state = loop.neighbors.targets.find(({ name }) => name === component);
    if (!state) throw new Error('no state');
    state.blockedUntil = '2099-01-01T00:00:00.000Z';
    state.blockedReason = 'cool-down';
    const open = incident();
    await loop.send(open);
    await eventually(() => statuses(open)).toEqual(['null-plan']);
    expect((await plansOf(open))[0]?.reasons[0]).toMatch(/rests until 2099.*cool-down/);
    state.blockedUntil = null;
    await eventually(() => statuses(open)).toEqual(['sent', 'null-plan']);
  });

  test('after success it rests: what is reported late starts nothing', async () => {
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    executed(open, 'success');
    await eventually(() => statuses(open)).toEqual(['executed']);
    expect((await loop.post('/api/v1/plans', { analysis: again(open, 2) })).status).toBe(409);
    expect(await statuses(open)).toEqual(['executed']);
  });

  test('an outcome nobody can tell stops the incident and says so', async () => {
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    executed(open, 'unknown');
    await loop.send(again(open, 2));
    await eventually(() => statuses(open)).toEqual(['null-plan', 'executed']);
    expect((await plansOf(open))[0]?.reasons[0]).toMatch(/a person is asked/);
  });

  test('generations go on from what execute has applied', async () => {
    const state = loop.neighbors.targets.find(({ name }) => name === component);
    if (state) state.generation = 41;
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)[0]?.generations).toEqual({ [component]: 42 });
  });

  test('two incidents that want the same target: one acts, the other says what it waits for', async () => {
    const [first, second] = [incident(), incident()];
    await Promise.all([loop.send(first), loop.send(second)]);
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
      () => incident({ violations: [violation({ component, suppressed: { by: 'silence', reference: 's9' } })] }),
      /silence s9/,
    ],
    ['without a root cause', () => incident({ verdict: 'undetermined', rootCauses: [] }), /no root cause/],
    [
      'below the least confidence',
      () => incident({ rootCauses: [rootCause({ component, confidence: 0.4 })] }),
      /40 % certain/,
    ],
    [
      'without a strategy',
      () => incident({ rootCauses: [rootCause({ component, metric: 'payment-provider' })] }),
      /No strategy/,
    ],
  ])('%s, explained, and once however often it is said again', async (_name, make, reason) => {
    const open = make();
    await loop.send(open);
    await eventually(() => statuses(open)).toEqual(['null-plan']);
    expect((await plansOf(open))[0]?.reasons[0]).toMatch(reason);
    await eventually(() => outcomesOf(open)).toMatchObject([
      { type: 'unknown', disposition: 'null-plan', executed: false },
    ]);
    await loop.send(again(open, 2));
    await loop.send(resolved(open, 3));
    await eventually(() => outcomesOf(open)).toHaveLength(2);
    const [before, after] = outcomesOf(open);
    expect(after).toEqual({ ...before, type: 'success' });
    expect(await statuses(open)).toEqual(['null-plan']);
    await eventually(() => story(open)).toEqual(['planned', 'plan-ended']);
  });

  test('an incident that is part of another one is planned there', async () => {
    const open = incident({ mergedInto: newId() });
    await loop.send(open);
    await eventually(() => story(open)).toEqual(['merged']);
    await loop.send(again(open, 2));
    await loop.send(resolved(open, 3));
    expect(await plansOf(open)).toEqual([]);
    expect(handedOn(open)).toEqual([]);
  });

  test('an older revision that comes late changes nothing', async () => {
    const open = incident();
    await loop.send(resolved(open, 5));
    await eventually(
      async () => (await loop.post('/api/v1/plans', { analysis: { ...open, revision: 4 } })).status,
    ).toBe(409);
    expect(await plansOf(open)).toEqual([]);
  });
});

describe('modes and denials', () => {
  test('observe records what would have been done and hands nothing on', async () => {
    loop.neighbors.decision = () => allow({ automation: 'observe' });
    const open = incident();
    await loop.send(open);
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
    loop.neighbors.decision = ({ action }) => allow({ effect: action === 'SCALE_UP' ? 'deny' : 'allow' });
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open).map(({ strategy }) => strategy)).toEqual(['restart']);
    const denied = handedOn(open)[0]?.alternatives.find(({ strategy }) => strategy === 'add-capacity');
    expect(denied?.blockedBy).toMatch(/the charter denies it/);
  });

  test('all denied ends in an outcome that says so, once, and in a plan as soon as policy allows', async () => {
    loop.neighbors.decision = () => allow({ effect: 'deny' });
    const open = incident();
    await loop.send(open);
    await eventually(() => outcomesOf(open)).toMatchObject([{ type: 'unknown', disposition: 'denied' }]);
    expect(await statuses(open)).toEqual(['denied']);
    await loop.send(again(open, 2));
    loop.neighbors.decision = () => allow({});
    await loop.send(again(open, 3));
    await eventually(() => statuses(open)).toEqual(['sent', 'denied']);
  });

  test('a size above what policy allows is lowered to it', async () => {
    loop.neighbors.decision = () => allow({ obligations: { maxReplicas: 5 } });
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)[0]?.actions[0]?.parameters).toEqual({ replicas: 5 });
  });
});

describe('approval', () => {
  const pending = async (open: Analysis) => {
    loop.neighbors.decision = () => allow({ effect: 'require-approval' });
    await loop.send(open);
    await eventually(async () => (await plansOf(open))[0]?.approvalId ?? null).not.toBeNull();
    const [plan] = await plansOf(open);
    if (!plan?.approvalId) throw new Error('nobody was asked');
    return { plan, approvalId: plan.approvalId };
  };

  test('people are asked with the plan hash and an explanation; approved, it goes to execute', async () => {
    const open = incident();
    const { plan, approvalId } = await pending(open);
    expect(loop.neighbors.approvals.get(approvalId)).toMatchObject({
      planId: plan.id,
      planHash: plan.hash,
      title: expect.stringContaining('SCALE_UP'),
      explanation: expect.stringContaining('Root cause'),
    });
    expect(handedOn(open)).toEqual([]);
    const vote = await loop.post(
      `/api/v1/plans/${plan.id}/approve`,
      { reason: 'go' },
      { authorization: 'Bearer ada-key' },
    );
    expect(vote).toMatchObject({ status: 200, body: { status: 'approved' } });
    expect(loop.neighbors.lastVoteBy).toBe('Bearer ada-key');
    await eventually(() => handedOn(open)).toHaveLength(1);
    expect(handedOn(open)[0]).toMatchObject({ id: plan.id, hash: plan.hash, approval: 'approved' });
    await eventually(() => story(open)).toEqual(['planned', 'approval-requested', 'approval-decided']);
  });

  test('rejected, it ends, and the next rung is asked about', async () => {
    const open = incident();
    const { plan } = await pending(open);
    expect((await loop.post(`/api/v1/plans/${plan.id}/reject`, { reason: 'not now' })).status).toBe(200);
    await eventually(() => statuses(open)).toContain('rejected');
    await eventually(() => outcomesOf(open)).toMatchObject([{ disposition: 'rejected', type: 'unknown' }]);
    expect((await plansOf(open)).at(-1)?.statusReason).toContain('ada: not now');
    expect((await loop.post(`/api/v1/plans/${plan.id}/approve`)).status).toBe(409);
    await eventually(async () => (await plansOf(open)).map(({ strategy }) => strategy)).toEqual([
      'restart',
      'add-capacity',
    ]);
  });

  test('expired at the charter, it ends', async () => {
    const open = incident();
    const { approvalId } = await pending(open);
    decide(loop.neighbors, approvalId, 'expired');
    await eventually(() => statuses(open)).toContain('expired');
    await eventually(() => outcomesOf(open)).toMatchObject([{ disposition: 'expired' }]);
  });

  test('when the incident goes away meanwhile it is withdrawn, here and at the charter', async () => {
    const open = incident();
    const { approvalId } = await pending(open);
    await loop.send(resolved(open, 2));
    await eventually(() => statuses(open)).toEqual(['withdrawn']);
    await eventually(() => outcomesOf(open)).toMatchObject([{ disposition: 'withdrawn', type: 'success' }]);
    await eventually(() => loop.neighbors.approvals.get(approvalId)?.status).toBe('rejected');
    expect(handedOn(open)).toEqual([]);
  });

  test('approved after a silence was set, nothing is done', async () => {
    const open = incident();
    const { approvalId } = await pending(open);
    const silenced = open.violations.map((each) => ({
      ...each,
      suppressed: { by: 'silence' as const, reference: 's1' },
    }));
    await loop.send({ ...again(open, 2), violations: silenced });
    await eventually(
      async () =>
        (await loop.post('/api/v1/plans', { analysis: { ...open, violations: silenced, revision: 2 } })).status,
    ).toBe(409);
    decide(loop.neighbors, approvalId, 'approved');
    await eventually(() => statuses(open)).toEqual(['null-plan', 'withdrawn']);
    expect(handedOn(open)).toEqual([]);
  });
});

describe('neighbors that are away', () => {
  test('without Knowledge the price list decides', async () => {
    loop.neighbors.away.add('knowledge');
    const open = incident();
    await loop.send(open);
    await eventually(() => handedOn(open)).toHaveLength(1);
    expect(handedOn(open)[0]?.reasons.join()).toContain("the pack's expectation");
  });

  test.each(['charter', 'execute'] as const)(
    'without %s nothing is planned, and it is once it is back',
    async (service) => {
      loop.neighbors.away.add(service);
      const open = incident();
      await loop.send(open);
      expect((await loop.post('/api/v1/plans', { analysis: open, dryRun: true })).status).toBe(503);
      expect(await plansOf(open)).toEqual([]);
      loop.neighbors.away.delete(service);
      await eventually(() => handedOn(open)).toHaveLength(1);
    },
  );

  test('what Knowledge saw fail is not chosen', async () => {
    loop.neighbors.recommendation = {
      rootCause: 'saturation',
      component,
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
    await loop.send(open);
    await eventually(() => handedOn(open).map(({ strategy }) => strategy)).toEqual(['restart']);
  });
});

describe('on demand', () => {
  test('a dry run shows everything and records nothing', async () => {
    const open = incident();
    const { status, body } = await loop.post('/api/v1/plans', { analysis: open, dryRun: true });
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
    await loop.send(open);
    await eventually(() => statuses(open)).toEqual(['null-plan']);
    expect(await loop.post('/api/v1/plans', { analysisId: open.id, dryRun: true })).toMatchObject({
      status: 200,
      body: { strategy: 'null' },
    });
    expect((await loop.post('/api/v1/plans', { analysisId: newId(), dryRun: true })).status).toBe(404);
    expect((await loop.post('/api/v1/plans', { dryRun: true })).status).toBe(400);
  });

  test('a plan that is asked for is recorded and handed on', async () => {
    const open = incident();
    const { status, body } = await loop.post('/api/v1/plans', { analysis: open });
    expect(status).toBe(201);
    expect(body).toMatchObject({ status: 'sent', generations: { [component]: 1 } });
    await eventually(() => handedOn(open)).toHaveLength(1);
  });
});
