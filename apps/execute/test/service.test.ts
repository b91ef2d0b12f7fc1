import { openTransport, type Transport } from '@charter/queue';
import { testPrefix } from '@charter/queue/testing';
import { createRegistry, type RunningService } from '@charter/service';
import { Outcome, type Plan, pageOf, planQueue, TargetState } from '@charter/shared/contracts';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { startExecute } from '../src/service.ts';
import { planFrom, targetDocument } from './drafts.ts';
import { type Neighbor, startTestbed } from './neighbors.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

const Execution = z.object({
  id: z.string(),
  state: z.string(),
  outcomeType: z.string().nullable(),
  steps: z.array(z.unknown()),
  journal: z.array(z.object({ kind: z.string(), text: z.string() })),
});
const Effects = z.object({ items: z.array(z.object({ component: z.string(), idempotencyKey: z.string() })) });

describe('the service, from plan message to outcome message', { timeout: 60_000 }, () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let world: StandIn;
  let testbed: Neighbor;
  let planStore: Store<never>;
  let planTransport: Transport;
  let environment: Record<string, string>;
  let services: RunningService[];

  beforeAll(async () => {
    [database, world, testbed] = await Promise.all([
      createTestDatabase(inject('postgresUrl')),
      startStandIn(),
      startTestbed(),
    ]);
    world.says.pack = ['payments', 'orders', 'catalog'].map((name) =>
      targetDocument(name, { kind: 'testbed', url: testbed.url, component: name }),
    );
    const prefix = testPrefix();
    planStore = await openStore<never>({ url: database.url, schema: 'plan', migrations: {} });
    planTransport = openTransport({
      app: 'plan',
      store: planStore,
      redisUrl: inject('redisUrl'),
      registry: createRegistry('plan'),
      prefix,
      onError: () => undefined,
    });
    environment = {
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.url,
      REDIS_URL: inject('redisUrl'),
      CHARTER_QUEUE_PREFIX: prefix,
      PROMETHEUS_URL: world.url,
      CHARTER_URL: world.url,
      ORCHESTRATOR_URL: world.url,
      MONITOR_URL: world.url,
      PLAN_URL: world.url,
      CHARTER_STATE_DIR: '/nonexistent',
      EXECUTE_POLL: '50ms',
      EXECUTE_LEASE: '1s',
      EXECUTE_COOLDOWN: '0s',
    };
    services = await Promise.all([startExecute(environment), startExecute(environment)]);
    await Promise.all(
      services.map(({ url }) => vi.waitUntil(async () => (await fetch(`${url}/ready`)).ok, { timeout: 15_000 })),
    );
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.close()));
    await planTransport.close();
    await planStore.close();
    await Promise.all([testbed.close(), world.close()]);
    await database.drop();
  });

  const get = async (path: string): Promise<unknown> => (await fetch(`${services[0]?.url ?? ''}${path}`)).json();
  const post = (path: string, body?: unknown): Promise<Response> =>
    fetch(`${services[0]?.url ?? ''}${path}`, {
      method: 'POST',
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const effects = async (component: string) =>
    Effects.parse(await (await fetch(`${testbed.url}/api/v1/effects`)).json()).items.filter(
      (each) => each.component === component,
    );
  const outcomes = async (plan: Plan): Promise<Outcome[]> => {
    const rows = await planStore.transport
      .selectFrom('transport.outbox')
      .select('payload')
      .where('queue', '=', 'outcomes')
      .execute();
    return rows
      .map(({ payload }) => Outcome.parse(JSON.parse(payload).data))
      .filter(({ planId }) => planId === plan.id);
  };
  const executionOf = async (plan: Plan) => {
    const { items } = z
      .object({ items: z.array(z.object({ id: z.string() })) })
      .parse(await get(`/api/v1/executions?planId=${plan.id}`));
    return items[0] === undefined ? null : Execution.parse(await get(`/api/v1/executions/${items[0].id}`));
  };

  test('two replicas carry out a plan that was promised twice once, and tell the outcome once', async () => {
    world.says.values = { latency: async () => ((await effects('payments')).length > 0 ? 0.1 : 2) };
    const plan = planFrom({ actions: [{ action: 'SCALE_UP', target: 'payments', parameters: { replicas: 6 } }] });
    for (let copy = 0; copy < 2; copy += 1) {
      await planStore.transaction((tx) => tx.enqueue(planQueue, plan, { incidentId: plan.incidentId }));
    }
    await expect.poll(() => outcomes(plan), { timeout: 15_000 }).toHaveLength(1);
    expect(await outcomes(plan)).toMatchObject([
      {
        type: 'success',
        executed: true,
        disposition: 'executed',
        component: 'payments',
        actions: [{ targetClass: 'service' }],
      },
    ]);
    expect(await effects('payments')).toHaveLength(1);
    const execution = await executionOf(plan);
    expect(execution).toMatchObject({ state: 'completed', outcomeType: 'success' });
    expect(execution?.journal.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['received', 'intent', 'started', 'result', 'verdict', 'ended']),
    );
  });

  test('targets are shown as they are now, with what they were before', async () => {
    const { items } = pageOf(TargetState).parse(await get('/api/v1/targets'));
    expect(items.map(({ name }) => name)).toEqual(['catalog', 'orders', 'payments']);
    expect(items[2]).toMatchObject({
      spec: { replicas: 6 },
      previousSpec: { replicas: 4 },
      guarantee: 'keyed',
      holder: null,
    });
    expect(items[0]).toMatchObject({ spec: { replicas: 4 }, previousSpec: null, generation: 0 });
  });

  test('budgets show what was spent', async () => {
    const { items } = z
      .object({ items: z.array(z.object({ scope: z.string(), spent: z.number(), limit: z.number().nullable() })) })
      .parse(await get('/api/v1/budgets'));
    expect(items.find(({ scope }) => scope === 'actions:target:payments')).toMatchObject({ spent: 1, limit: 30 });
  });

  test('a dry run tells what would be sent and leaves no effect, no debit and no outcome', async () => {
    world.says.values = { latency: 2 };
    const before = await get('/api/v1/budgets');
    const plan = planFrom({ actions: [{ action: 'SCALE_UP', target: 'orders', parameters: { replicas: 9 } }] });
    const answer = await post('/api/v1/executions', { plan, dryRun: true });
    expect(answer.status).toBe(200);
    const body = Execution.parse(await answer.json());
    expect(body.journal).toMatchObject([{ kind: 'rehearsed', text: 'Would scale orders to 9 replicas' }]);
    expect(await effects('orders')).toEqual([]);
    expect(await get('/api/v1/budgets')).toEqual(before);
    expect(await outcomes(plan)).toEqual([]);
  });

  test('a dry run names the gate that would refuse', async () => {
    world.says.values = { latency: 0.2 };
    const plan = planFrom({ actions: [{ action: 'SCALE_UP', target: 'orders', parameters: { replicas: 9 } }] });
    const { journal } = Execution.parse(await (await post('/api/v1/executions', { plan, dryRun: true })).json());
    expect(journal[0]?.text).toContain('refused by trigger');
  });

  test('a plan can be carried out by its id, paused, resumed and rolled back', async () => {
    world.says.values = { latency: 2 };
    const plan = planFrom({
      actions: [{ action: 'SCALE_UP', target: 'orders', parameters: { replicas: 7 } }],
      verification: { windowSeconds: 600 },
    });
    world.says.plans[plan.id] = plan;
    const answer = await post('/api/v1/executions', { planId: plan.id });
    expect(answer.status).toBe(202);
    const { id } = Execution.parse(await answer.json());
    expect((await post('/api/v1/executions', { planId: plan.id })).status).toBe(200);
    await expect.poll(() => effects('orders')).toHaveLength(1);
    expect((await post(`/api/v1/executions/${id}/rollback`)).status).toBe(202);
    await expect.poll(() => outcomes(plan)).toMatchObject([{ rolledBack: true, type: 'unknown' }]);
    const state = z
      .object({ components: z.record(z.string(), z.object({ replicas: z.number() })) })
      .parse(await (await fetch(`${testbed.url}/api/v1/state`)).json());
    expect(state.components.orders?.replicas).toBe(4);
    expect((await post(`/api/v1/executions/${id}/resume`)).status).toBe(409);
  });

  test('a paused execution does nothing until it is resumed, and a cancelled one never', async () => {
    world.says.permit = { granted: false, reason: 'wait' };
    const plan = planFrom({ actions: [{ action: 'SCALE_UP', target: 'catalog', parameters: { replicas: 5 } }] });
    const { id } = Execution.parse(await (await post('/api/v1/executions', { plan })).json());
    await post(`/api/v1/executions/${id}/pause`);
    await expect.poll(async () => (await executionOf(plan))?.state).toBe('paused');
    world.says.permit = {};
    expect((await post(`/api/v1/executions/${id}/cancel`)).status).toBe(202);
    await expect.poll(async () => (await executionOf(plan))?.state).toBe('cancelled');
    expect(await effects('catalog')).toEqual([]);
    expect(await outcomes(plan)).toMatchObject([{ executed: false, disposition: 'withdrawn' }]);
  });
});
