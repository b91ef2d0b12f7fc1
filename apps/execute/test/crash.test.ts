import type { EffectorSpec } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { CheckpointName } from '../src/ports.ts';
import { type ActionDraft, planFrom, targetFrom } from './drafts.ts';
import { createHarness, type Harness } from './harness.ts';
import { startTarget, type TargetServer } from './target-server.ts';

const requests = {
  SCALE_UP: { method: 'PUT', path: '/settings', body: { replicas: '{replicas}' } },
  SCALE_DOWN: { method: 'PUT', path: '/settings', body: { replicas: '{replicas}' } },
  RESTART_SERVICE: { method: 'POST', path: '/restart' },
};
const readBack = { path: '/state', pointer: '/settings/replicas' };
const restartMark = { path: '/status', pointer: '/starts' };
type Shows = Pick<Extract<EffectorSpec, { kind: 'http' }>, 'readBack' | 'restartMark'>;
const points: CheckpointName[] = [
  'picked-up',
  'intent-journalled',
  'start-journalled',
  'effect-done',
  'result-journalled',
  'verified',
];
const scaleUp: ActionDraft = { action: 'SCALE_UP', parameters: { replicas: 6 } };

describe('an executor that dies', { timeout: 60_000 }, () => {
  let harness: Harness;
  let target: TargetServer;
  let number = 0;
  beforeAll(async () => {
    harness = await createHarness(inject('postgresUrl'));
  });
  afterAll(async () => {
    await harness.close();
  });

  async function dieAt(
    point: CheckpointName,
    { honorsKeys, action, shows }: { honorsKeys: boolean; action: ActionDraft; shows: Shows },
  ) {
    target = await startTarget(honorsKeys, shows.restartMark !== undefined);
    number += 1;
    const name = `target-${String(number)}`;
    harness.targets.set(
      name,
      targetFrom(name, {
        kind: 'http',
        url: target.url,
        keyed: honorsKeys,
        requests,
        ...shows,
      }),
    );
    harness.world.says.values = { latency: () => (target.effects.length > 0 ? 0.1 : 2) };
    const planned = planFrom({ actions: [{ ...action, target: name }] });
    const dying = harness.startExecutor({ freezeAt: point });
    const id = await harness.submit(planned);
    await expect.poll(async () => (await harness.execution(id)).claim).toBeGreaterThan(0);
    const heir = harness.startExecutor();
    const ended = await harness.ended(id);
    await heir.close();
    return { id, planned, ended, dying };
  }

  test.each(points)('at %s leaves one effect on a target that honors keys', async (point) => {
    const { ended, planned, id } = await dieAt(point, { honorsKeys: true, action: scaleUp, shows: { readBack } });
    expect(ended).toMatchObject({ state: 'completed', outcome_type: 'success' });
    expect(target.effects).toHaveLength(1);
    expect(await harness.outcomes(planned.id)).toHaveLength(1);
    expect((await harness.steps(id)).map(({ state }) => state)).toEqual(['done']);
    await target.close();
  });

  test.each(points)('at %s leaves one effect on a target that ignores keys and reads back', async (point) => {
    const { ended } = await dieAt(point, { honorsKeys: false, action: scaleUp, shows: { readBack } });
    expect(ended).toMatchObject({ state: 'completed', outcome_type: 'success' });
    expect(target.effects).toHaveLength(1);
    await target.close();
  });

  test.each(points)(
    'at %s never restarts twice where there is no key; only a crash around the effect becomes a question',
    async (point) => {
      const { ended, planned } = await dieAt(point, {
        honorsKeys: false,
        action: { action: 'RESTART_SERVICE' },
        shows: {},
      });
      expect(target.effects.length).toBeLessThanOrEqual(1);
      const isOpen = point === 'start-journalled' || point === 'effect-done';
      expect(ended.state).toBe(isOpen ? 'uncertain' : 'completed');
      expect(ended.outcome_type).toBe(isOpen ? 'unknown' : 'success');
      const told = (await harness.timeline(planned.incidentId)).map(({ event }) => event);
      expect(told.includes('escalated')).toBe(isOpen);
      await target.close();
    },
  );

  test.each(points)(
    'at %s never restarts twice where the target shows its restarts, and asks only what was never sent',
    async (point) => {
      const { ended } = await dieAt(point, {
        honorsKeys: false,
        action: { action: 'RESTART_SERVICE', timeoutSeconds: 2 },
        shows: { restartMark },
      });
      const wasNeverSent = point === 'start-journalled';
      expect(target.effects).toHaveLength(wasNeverSent ? 0 : 1);
      expect(ended.outcome_type).toBe(wasNeverSent ? 'unknown' : 'success');
      await target.close();
    },
  );

  test('while it takes a plan back leaves the former state, and each undo once', async () => {
    for (const point of ['intent-journalled', 'start-journalled', 'effect-done', 'result-journalled'] as const) {
      target = await startTarget(true);
      number += 1;
      const name = `target-${String(number)}`;
      harness.targets.set(name, targetFrom(name, { kind: 'http', url: target.url, keyed: true, requests, readBack }));
      harness.world.says.values = { latency: () => (target.effects.length > 0 ? 9 : 2) };
      let undoing = false;
      const dying = harness.startExecutor({
        freezeAt: async (reached, executionId) => {
          undoing = (await harness.execution(executionId)).phase === 'undoing';
          return undoing && reached === point;
        },
      });
      const id = await harness.submit(planFrom({ actions: [{ ...scaleUp, target: name }] }));
      await expect.poll(() => undoing).toBe(true);
      const heir = harness.startExecutor();
      expect(await harness.ended(id)).toMatchObject({ state: 'rolled_back', outcome_type: 'degradation' });
      expect(target.settings).toEqual({ replicas: 3 });
      expect(target.effects).toHaveLength(2);
      dying.thaw();
      await Promise.all([dying.close(), heir.close()]);
      await target.close();
    }
  });

  test('and comes back to life does nothing more once another has taken over', async () => {
    target = await startTarget(false);
    harness.targets.set('lazarus', targetFrom('lazarus', { kind: 'http', url: target.url, requests }));
    harness.world.says.values = { latency: () => (target.effects.length > 0 ? 0.1 : 2) };
    const frozen = harness.startExecutor({ freezeAt: 'intent-journalled' });
    const planned = planFrom({ actions: [{ action: 'RESTART_SERVICE', target: 'lazarus' }] });
    const id = await harness.submit(planned);
    await expect.poll(async () => (await harness.steps(id)).length).toBe(1);
    const heir = harness.startExecutor();
    expect(await harness.ended(id)).toMatchObject({ state: 'completed', outcome_type: 'success' });
    frozen.thaw();
    await frozen.close();
    expect(target.effects).toHaveLength(1);
    expect(await harness.outcomes(planned.id)).toHaveLength(1);
    await heir.close();
    await target.close();
  });

  test('that drains finishes its step in flight and hands the execution on', async () => {
    target = await startTarget(true);
    harness.targets.set(
      'draining',
      targetFrom('draining', { kind: 'http', url: target.url, keyed: true, requests, readBack }),
    );
    harness.world.says.values = { latency: 2 };
    const leaving = harness.startExecutor({
      deps: {
        checkpoint: async (point) => {
          if (point === 'start-journalled') void leaving.close();
        },
      },
    });
    const plan = planFrom({
      actions: [
        { ...scaleUp, id: 'one', target: 'draining' },
        { ...scaleUp, id: 'two', target: 'draining', parameters: { replicas: 8 }, dependsOn: ['one'] },
      ],
    });
    const id = await harness.submit(plan);
    await expect.poll(async () => (await harness.steps(id)).length).toBe(1);
    await leaving.close();
    await expect.poll(async () => (await harness.execution(id)).holder).toBeNull();
    expect((await harness.steps(id)).map(({ action_id, state }) => `${action_id} ${state}`)).toEqual(['one done']);
    const heir = harness.startExecutor();
    await harness.ended(id);
    expect(target.effects.map(({ body }) => body)).toEqual([{ replicas: 6 }, { replicas: 8 }]);
    await heir.close();
    await target.close();
  });
});
