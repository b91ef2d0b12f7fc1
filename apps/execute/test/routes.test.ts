import { createLog, createRegistry, type HttpApp } from '@charter/service';
import { createTestKeys, describeServiceEdges, expectEveryRouteGuarded, expectProblem } from '@charter/service/testing';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { targetView } from '../src/adapters/target-view.ts';
import { buildApp } from '../src/app.ts';
import { ExecuteConfig } from '../src/config.ts';
import { rehearse } from '../src/workers/rehearse.ts';
import { planFrom } from './drafts.ts';
import { createHarness, fastSettings, type Harness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness(inject('postgresUrl'));
});
afterAll(() => harness.close());

async function build(environment: Record<string, string> = {}): Promise<HttpApp> {
  const config = ExecuteConfig.parse({
    LOG_LEVEL: 'silent',
    DATABASE_URL: 'postgres://x/y',
    REDIS_URL: 'redis://x',
    ...environment,
  });
  const deps = harness.depsFor(fastSettings);
  const { store, settings, targets, effectors, clock } = deps;
  return buildApp({
    config,
    log: createLog('execute', config),
    registry: createRegistry('execute'),
    store,
    settings,
    targets,
    targetStates: targetView({ store, targets, effectors, clock, settings }),
    plans: { find: async () => null },
    rehearse: (plan) => rehearse(deps, plan),
    wake: () => undefined,
    readiness: {},
  });
}

describe('routes', () => {
  test('every route enforces the role it names', async () => {
    const keys = await createTestKeys();
    const app = await build({ CHARTER_API_KEYS: keys.file });
    expect(await expectEveryRouteGuarded(app, keys)).toBeGreaterThanOrEqual(9);
    await app.close();
    await keys.close();
  });

  test('an unknown execution or plan is 404, an impossible wish 409', async () => {
    const app = await build();
    const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
    expectProblem(await app.inject(`/api/v1/executions/${id}`), 'not-found');
    expectProblem(await app.inject({ method: 'POST', url: `/api/v1/executions/${id}/cancel` }), 'not-found');
    expectProblem(
      await app.inject({ method: 'POST', url: '/api/v1/executions', payload: { planId: id } }),
      'not-found',
    );
    const execution = await harness.submit(
      planFrom({ actions: [{ action: 'SCALE_UP', parameters: { replicas: 5 } }] }),
    );
    expectProblem(await app.inject({ method: 'POST', url: `/api/v1/executions/${execution}/resume` }), 'conflict');
    await app.close();
  });

  test('a plan with an unknown field or a wrong value is refused with its pointer', async () => {
    const app = await build();
    const plan = planFrom({ actions: [{ action: 'SCALE_UP' }] });
    const unknown = await app.inject({
      method: 'POST',
      url: '/api/v1/executions',
      payload: { plan: { ...plan, extra: 1 } },
    });
    expectProblem(unknown, 'request-invalid');
    const wrong = await app.inject({
      method: 'POST',
      url: '/api/v1/executions',
      payload: { plan: { ...plan, risk: 7 } },
    });
    expect(expectProblem(wrong, 'request-invalid').errors).toMatchObject([{ pointer: '/plan/risk' }]);
    await app.close();
  });

  test('executions are listed newest first and page by cursor', async () => {
    const app = await build();
    const { incidentId } = planFrom({ actions: [] });
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.push(await harness.submit(planFrom({ incidentId, actions: [{ action: 'SCALE_UP' }] })));
    const first = (await app.inject(`/api/v1/executions?incidentId=${incidentId}&limit=3`)).json();
    const second = (
      await app.inject(`/api/v1/executions?incidentId=${incidentId}&limit=3&cursor=${first.nextCursor}`)
    ).json();
    expect([...first.items, ...second.items].map(({ id }: { id: string }) => id)).toEqual(ids.toReversed());
    expect(second.nextCursor).toBeNull();
    await app.close();
  });
});

describeServiceEdges(() => build());
