import { type ActivePack, type Analysis, Plan } from '@charter/shared/contracts';
import { newId } from '@charter/store';
import { afterEach, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { ConflictItem } from '../src/adapters/conflict-records.ts';
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
import { allow } from './stand-ins.ts';

const components = ['gateway', 'catalog', 'orders', 'payments', 'cache', 'database'];
const pack: ActivePack = {
  id: newId(),
  name: 'demo',
  version: '1',
  environment: 'production',
  activatedAt: noon,
  policies: [],
  documents: [
    ...components.map((name) => writtenTarget(name)),
    writtenStrategy('add-capacity', [scaleUp()], { match: { metrics: ['saturation'] } }),
    writtenStrategy('save-money', [{ action: 'SCALE_DOWN', parameters: { replicas: 1 } }], {
      match: { metrics: ['idle'] },
    }),
  ],
};

const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 10_000, interval: 20 });
const loops: Loop[] = [];
afterEach(() => Promise.all(loops.splice(0).map((loop) => loop.close())));

async function start(environment: Record<string, string> = {}): Promise<Loop> {
  const servers = { postgresUrl: inject('postgresUrl'), redisUrl: inject('redisUrl') };
  const loop = await startLoop(servers, { pack, targets: components.map((name) => targetState(name)) }, environment);
  loops.push(loop);
  await eventually(async () => (await loop.get('/ready')).status).toBe(200);
  return loop;
}

function incident(component: string, metric = 'saturation'): Analysis {
  const incidentId = newId();
  return analysis({
    incidentId,
    violations: [violation({ incidentId, component })],
    rootCauses: [rootCause({ component, metric })],
  });
}

const again = (open: Analysis, revision: number): Analysis => ({ ...open, id: newId(), revision });
const resolved = (open: Analysis, revision: number): Analysis => ({
  ...again(open, revision),
  violations: open.violations.map((each) => ({ ...each, state: 'resolved' as const, resolvedAt: noon })),
});
const plansOf = async (loop: Loop, { incidentId }: Analysis) =>
  z.object({ items: z.array(PlanItem) }).parse((await loop.get(`/api/v1/plans?incidentId=${incidentId}`)).body).items;
const statuses = async (loop: Loop, open: Analysis) => (await plansOf(loop, open)).map(({ status }) => status);
const conflicts = async (loop: Loop, query = '') =>
  z.object({ items: z.array(ConflictItem) }).parse((await loop.get(`/api/v1/conflicts${query}`)).body).items;

/** Hands an incident through planning and a successful execution. */
async function heal(loop: Loop, open: Analysis): Promise<void> {
  await loop.send(open);
  await eventually(() => loop.plans.filter(({ incidentId }) => incidentId === open.incidentId)).toHaveLength(1);
  const plan = Plan.parse(loop.plans.find(({ incidentId }) => incidentId === open.incidentId));
  loop.neighbors.executions.push({
    id: newId(),
    planId: plan.id,
    incidentId: open.incidentId,
    state: 'completed',
    outcomeType: 'success',
  });
  await eventually(() => statuses(loop, open)).toEqual(['executed']);
  await loop.send(resolved(open, 9));
}

test('two policies that pull one resource apart: one conflict, the waiting plan is withdrawn, neither goes on', async () => {
  const loop = await start();
  loop.neighbors.decision = () => allow({ effect: 'require-approval' });
  const idle = incident('orders', 'idle');
  await loop.send(idle);
  await eventually(async () => (await plansOf(loop, idle))[0]?.approvalId ?? null).not.toBeNull();
  const busy = incident('orders');
  await loop.send(busy);
  await eventually(() => statuses(loop, busy)).toEqual(['null-plan']);
  await eventually(() => statuses(loop, idle)).toContain('withdrawn');
  const [conflict, ...more] = await conflicts(loop);
  expect(more).toEqual([]);
  expect(conflict).toMatchObject({
    kind: 'opposing',
    target: 'orders',
    resource: 'replicas',
    incidentIds: [idle.incidentId, busy.incidentId],
    strategies: ['save-money', 'add-capacity'],
    closedAt: null,
  });
  expect(await conflicts(loop, `?incidentId=${busy.incidentId}`)).toHaveLength(1);
  expect(await conflicts(loop, `?incidentId=${newId()}`)).toEqual([]);
  await eventually(() =>
    loop.timeline
      .filter(({ text }) => text.startsWith('Conflict over replicas of orders'))
      .map(({ incidentId }) => incidentId)
      .sort(),
  ).toEqual([idle.incidentId, busy.incidentId].sort());
  await loop.send(again(idle, 2));
  await eventually(async () => (await plansOf(loop, idle))[0]?.reasons[0]).toMatch(/frozen until/);
  expect(loop.plans).toEqual([]);
});

test('a resource that was turned around is not turned around again', async () => {
  const loop = await start();
  await heal(loop, incident('orders'));
  await heal(loop, incident('orders', 'idle'));
  const third = incident('orders');
  await loop.send(third);
  await eventually(() => statuses(loop, third)).toEqual(['null-plan']);
  expect((await plansOf(loop, third))[0]?.reasons[0]).toMatch(/would change direction 2 times/);
  expect(await conflicts(loop)).toMatchObject([{ kind: 'oscillation', strategies: ['add-capacity', 'save-money'] }]);
  const fourth = incident('orders', 'idle');
  await loop.send(fourth);
  await eventually(async () => (await plansOf(loop, fourth))[0]?.reasons[0]).toMatch(/frozen until/);
  expect(await conflicts(loop)).toHaveLength(1);
});

test('when too much is unhealthy at once nothing more is changed, and the story says why', async () => {
  const loop = await start();
  loop.neighbors.decision = () => allow({ effect: 'deny' });
  const storm = components.slice(0, 4).map((component) => incident(component));
  for (const each of storm) await loop.send(each);
  for (const each of storm) await eventually(() => statuses(loop, each)).toEqual(['denied']);
  loop.neighbors.decision = () => allow({});
  const fifth = incident('cache');
  await loop.send(fifth);
  await eventually(() => statuses(loop, fifth)).toEqual(['null-plan']);
  expect((await plansOf(loop, fifth))[0]?.reasons[0]).toMatch(/Too much is unhealthy at once/);
});

test('what goes away while another incident changes the same component did not heal itself', async () => {
  const loop = await start();
  const acting = incident('orders');
  await loop.send(acting);
  await eventually(() => loop.plans).toHaveLength(1);
  const waiting = incident('orders');
  await loop.send(waiting);
  await eventually(() => statuses(loop, waiting)).toEqual(['null-plan']);
  await loop.send(resolved(waiting, 2));
  const outcomes = () => loop.outcomes.filter(({ incidentId }) => incidentId === waiting.incidentId);
  await eventually(outcomes).toHaveLength(2);
  expect(outcomes()[1]).toMatchObject({
    type: 'unknown',
    disposition: 'null-plan',
    reason: expect.stringContaining('had changed orders'),
  });
});

test('an incident that outlives its deadline untreated did not recover by itself', async () => {
  const loop = await start({ PLAN_WATCH_TIME: '200ms' });
  const open = incident('orders', 'nobody-knows');
  await loop.send(open);
  const outcomes = () => loop.outcomes.filter(({ incidentId }) => incidentId === open.incidentId);
  await eventually(outcomes).toHaveLength(2);
  const [before, after] = outcomes();
  expect(before).toMatchObject({ type: 'unknown', executed: false });
  expect(after).toMatchObject({ id: before?.id, type: 'ineffective', executed: false });
});

test('nobody answers in time: the own deadline ends it, with the charter away too', async () => {
  const loop = await start({ PLAN_APPROVAL_TIME: '1500ms' });
  loop.neighbors.decision = () => allow({ effect: 'require-approval' });
  const open = incident('orders');
  await loop.send(open);
  await eventually(async () => (await plansOf(loop, open))[0]?.approvalId ?? null).not.toBeNull();
  loop.neighbors.away.add('charter');
  await eventually(() => statuses(loop, open)).toContain('expired');
  await eventually(() => loop.outcomes[0]).toMatchObject({ disposition: 'expired', executed: false });
});

test('a restart forgets nothing: the last good pack, what waits for people, what was answered', async () => {
  const loop = await start();
  loop.neighbors.decision = () => allow({ effect: 'require-approval' });
  const open = incident('orders');
  await loop.send(open);
  await eventually(async () => (await plansOf(loop, open))[0]?.approvalId ?? null).not.toBeNull();
  const nothing = incident('orders', 'nobody-knows');
  await loop.send(nothing);
  await eventually(() => statuses(loop, nothing)).toEqual(['null-plan']);
  loop.neighbors.away.add('charter');
  await loop.restart();
  expect((await loop.get('/ready')).status).toBe(200);
  expect(
    z.object({ items: z.array(z.object({ name: z.string() })) }).parse((await loop.get('/api/v1/strategies')).body)
      .items,
  ).toHaveLength(2);
  loop.neighbors.away.delete('charter');
  const [plan] = await plansOf(loop, open);
  await loop.post(`/api/v1/plans/${plan?.id ?? ''}/approve`);
  await eventually(() => loop.plans.map(({ id }) => id)).toEqual([plan?.id]);
  await loop.send(again(nothing, 2));
  await loop.send(resolved(nothing, 3));
  await eventually(() => loop.outcomes.filter(({ incidentId }) => incidentId === nothing.incidentId)).toHaveLength(2);
  expect(await statuses(loop, nothing)).toEqual(['null-plan']);
});

test('two replicas and every message twice: one plan per target, one answer per incident', async () => {
  const loop = await start({ PLAN_STORM_COMPONENTS: '99' });
  await loop.replica();
  const wanted = components.slice(0, 3);
  const incidents = wanted.flatMap((component) => [incident(component), incident(component)]);
  await Promise.all(incidents.flatMap((open) => [loop.send(open), loop.send(again(open, 2))]));
  const all = () => Promise.all(incidents.map((open) => statuses(loop, open)));
  await expect
    .poll(async () => (await all()).flat().sort(), { timeout: 30_000, interval: 100 })
    .toEqual([...wanted.map(() => 'null-plan'), ...wanted.map(() => 'sent')]);
  await eventually(() => loop.plans).toHaveLength(wanted.length);
  expect(new Set(loop.plans.map(({ actions }) => actions[0]?.target)).size).toBe(wanted.length);
}, 60_000);

test('what Knowledge adapts moves the expectation of a strategy, and an older word does not come back', async () => {
  const loop = await start();
  const adaptation = {
    id: newId(),
    kind: 'strategy-belief' as const,
    subject: 'add-capacity',
    value: 0.05,
    confidence: 1,
    reason: 'it never helped',
    at: '2026-03-01T12:00:00.000Z',
  };
  const learned = async () => {
    const { items } = z
      .object({ items: z.array(z.object({ name: z.string(), learned: z.unknown() })) })
      .parse((await loop.get('/api/v1/strategies')).body);
    return items.find(({ name }) => name === 'add-capacity')?.learned;
  };
  await loop.adapt(adaptation);
  await eventually(learned).toEqual({ success: 0.05, confidence: 1 });
  await loop.adapt({ ...adaptation, id: newId(), value: 0.9, at: '2026-03-01T11:00:00.000Z' });
  const open = incident('orders');
  await loop.send(open);
  await eventually(() => statuses(loop, open)).toEqual(['null-plan']);
  expect(await learned()).toEqual({ success: 0.05, confidence: 1 });
});
