import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type ActionDraft, planFrom, targetFrom } from './drafts.ts';
import { createHarness, type Harness } from './harness.ts';
import { type Neighbor, startTestbed } from './neighbors.ts';

const State = z.object({ components: z.record(z.string(), z.object({ spec: z.record(z.string(), z.unknown()) })) });
const Effects = z.object({
  items: z.array(z.object({ idempotencyKey: z.string(), action: z.string(), parameters: z.unknown() })),
});

describe('on the real testbed', { timeout: 60_000 }, () => {
  let testbed: Neighbor;
  let harness: Harness;
  const specNow = async (): Promise<unknown> =>
    State.parse(await (await fetch(`${testbed.url}/api/v1/state`)).json()).components.payments?.spec;
  const effectsOf = async (executionId: string) =>
    Effects.parse(await (await fetch(`${testbed.url}/api/v1/effects`)).json()).items.filter(({ idempotencyKey }) =>
      idempotencyKey.startsWith(executionId),
    );

  beforeAll(async () => {
    testbed = await startTestbed();
    harness = await createHarness(inject('postgresUrl'));
    harness.targets.set(
      'payments',
      targetFrom('payments', { kind: 'testbed', url: testbed.url, component: 'payments' }),
    );
    harness.startExecutor();
  });
  afterAll(async () => {
    await harness.close();
    await testbed.close();
  });

  const undoable: ActionDraft[] = [
    { action: 'SCALE_UP', parameters: { replicas: 6 } },
    { action: 'SCALE_DOWN', parameters: { replicas: 2 } },
    { action: 'THROTTLE_REQUESTS', parameters: { requestsPerSecond: 40 } },
    { action: 'REBALANCE_LOAD', parameters: { weights: { a: 0.2, b: 1 } } },
    { action: 'UPDATE_CONFIGURATION', parameters: { key: 'timeoutSeconds', value: 1.5 } },
    { action: 'APPLY_POLICY', parameters: { version: 'v1' } },
    { action: 'BYPASS_VALIDATION', parameters: { ttlSeconds: 60 } },
    { action: 'ACTIVATE_EMERGENCY_OVERRIDE', parameters: { ttlSeconds: 60 } },
  ];

  test.each(undoable)('$action takes effect once and is taken back to the exact former state', async (action) => {
    const former = await specNow();
    harness.world.says.values = { latency: 2 };
    const planned = planFrom({ actions: [action], verification: { windowSeconds: 30 } });
    const id = await harness.submit(planned);
    await expect
      .poll(() => effectsOf(id))
      .toMatchObject([{ action: expect.any(String), parameters: action.parameters }]);
    harness.world.says.values = { latency: 0.1 };
    const healed = await harness.ended(id);
    expect(healed).toMatchObject({ state: 'completed', outcome_type: 'success' });

    const { requestOf } = await import('../src/adapters/execution-records.ts');
    await requestOf(harness.store, id, { request: 'rollback', by: 'ada', slackSeconds: 20 });
    await expect.poll(async () => (await harness.execution(id)).state).toBe('rolled_back');
    expect(await specNow()).toEqual(former);
    expect((await harness.outcomes(planned.id)).at(-1)).toMatchObject({ type: 'success', rolledBack: true });
  });

  test('RESTART_SERVICE declares no undo and waits until the component is up again', async () => {
    harness.world.says.values = { latency: 2 };
    const id = await harness.submit(planFrom({ actions: [{ action: 'RESTART_SERVICE', timeoutSeconds: 10 }] }));
    expect(await harness.ended(id)).toMatchObject({ state: 'completed', outcome_type: 'ineffective' });
    const [step] = await harness.steps(id);
    expect(step).toMatchObject({ undo: null, state: 'done' });
    const took = (step?.result_at?.getTime() ?? 0) - (step?.started_at?.getTime() ?? 0);
    expect(took).toBeGreaterThan(1_500);
  });

  test('a plan whose third step fails leaves no trace but its record', async () => {
    const former = await specNow();
    harness.world.says.values = { latency: 2 };
    const id = await harness.submit(
      planFrom({
        actions: [
          { id: 'one', action: 'SCALE_UP', parameters: { replicas: 7 } },
          { id: 'two', action: 'UPDATE_CONFIGURATION', parameters: { key: 'workers', value: 48 }, dependsOn: ['one'] },
          {
            id: 'three',
            action: 'UPDATE_CONFIGURATION',
            parameters: { key: 'no-such-key', value: 1 },
            dependsOn: ['two'],
          },
        ],
      }),
    );
    expect(await harness.ended(id)).toMatchObject({ state: 'rolled_back', outcome_type: 'ineffective' });
    expect(await specNow()).toEqual(former);
    const steps = await harness.steps(id);
    expect(steps.map(({ action_id, direction, state }) => `${action_id} ${direction} ${state}`)).toEqual([
      'one forward done',
      'two forward done',
      'three forward failed',
      'two undo done',
      'one undo done',
    ]);
  });

  test('worse than before is taken back, and the outcome says degradation', async () => {
    const former = await specNow();
    harness.world.says.values = { latency: 2 };
    const planned = planFrom({
      actions: [{ action: 'SCALE_DOWN', parameters: { replicas: 1 } }],
      verification: { windowSeconds: 0.3 },
    });
    const id = await harness.submit(planned);
    await expect.poll(() => effectsOf(id)).toHaveLength(1);
    harness.world.says.values = { latency: 9 };
    expect(await harness.ended(id)).toMatchObject({ state: 'rolled_back', outcome_type: 'degradation' });
    expect(await specNow()).toEqual(former);
    expect(await harness.outcomes(planned.id)).toMatchObject([
      { type: 'degradation', rolledBack: true, executed: true },
    ]);
  });

  test('worse than before is left alone when someone changed the target since', async () => {
    harness.world.says.values = { latency: 2 };
    const planned = planFrom({
      actions: [{ action: 'SCALE_UP', parameters: { replicas: 5 } }],
      verification: { windowSeconds: 1 },
    });
    const id = await harness.submit(planned);
    await expect.poll(() => effectsOf(id)).toHaveLength(1);
    harness.world.says.values = { latency: 9 };
    await fetch(`${testbed.url}/api/v1/components/payments/scale`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `person-${id}`, 'fencing-token': '100000' },
      body: '{"replicas":8}',
    });
    expect(await harness.ended(id)).toMatchObject({ state: 'failed', outcome_type: 'degradation' });
    expect(await specNow()).toMatchObject({ replicas: 8 });
    expect((await harness.timeline(planned.incidentId)).map(({ event }) => event)).toContain('escalated');
  });
});
