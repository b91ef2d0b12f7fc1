import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type ActionDraft, planFrom, targetFrom } from './drafts.ts';
import { createHarness, type Harness } from './harness.ts';
import { startTarget, type TargetServer } from './target-server.ts';

const requests = { SCALE_UP: { method: 'PUT', path: '/settings', body: { replicas: '{replicas}' } } };
const readBack = { path: '/state', pointer: '/settings/replicas' };
const scaleTo = (replicas: number): ActionDraft => ({ action: 'SCALE_UP', parameters: { replicas }, target: 'web' });

describe('executors side by side', { timeout: 60_000 }, () => {
  let harness: Harness;
  let target: TargetServer;
  beforeAll(async () => {
    harness = await createHarness(inject('postgresUrl'));
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    target = await startTarget(true);
    harness.targets.set('web', targetFrom('web', { kind: 'http', url: target.url, keyed: true, requests, readBack }));
    harness.world.says.values = { latency: () => (target.effects.length > 0 ? 0.1 : 2) };
  });
  afterEach(() => target.close());

  test('two of them act once', async () => {
    const both = [harness.startExecutor(), harness.startExecutor()];
    const planned = planFrom({ actions: [scaleTo(6)] });
    const ids = await Promise.all([harness.submit(planned), harness.submit(planned), harness.submit(planned)]);
    expect(new Set(ids).size).toBe(1);
    expect(await harness.ended(ids[0] ?? '')).toMatchObject({ state: 'completed', outcome_type: 'success' });
    expect(target.effects).toHaveLength(1);
    expect(await harness.outcomes(planned.id)).toHaveLength(1);
    await Promise.all(both.map((each) => each.close()));
  });

  test('one that was stopped after pick-up is refused when a newer plan was applied meanwhile', async () => {
    harness.world.says.values = { latency: 2 };
    const older = planFrom({ actions: [scaleTo(5)] });
    const newer = planFrom({ actions: [scaleTo(9)] });
    const stopped = harness.startExecutor({ freezeAt: 'picked-up', settings: { leaseSeconds: 60 } });
    const staleId = await harness.submit(older);
    await expect.poll(async () => (await harness.execution(staleId)).claim).toBe(1);
    const other = harness.startExecutor({ settings: { leaseSeconds: 60 } });
    const newerId = await harness.submit(newer);
    await harness.ended(newerId);
    stopped.thaw();
    expect(await harness.ended(staleId)).toMatchObject({
      state: 'failed',
      disposition: 'refused',
      reason: expect.stringContaining('generation'),
    });
    expect(target.settings).toEqual({ replicas: 9 });
    expect(target.effects).toHaveLength(1);
    await Promise.all([stopped.close(), other.close()]);
  });

  test('a target has one change in flight at most', async () => {
    harness.world.says.values = { latency: 2 };
    const executor = harness.startExecutor();
    const first = await harness.submit(planFrom({ actions: [scaleTo(5)], verification: { windowSeconds: 2 } }));
    await expect.poll(() => target.effects.length).toBe(1);
    const second = await harness.submit(planFrom({ actions: [scaleTo(7)] }));
    expect(await harness.ended(second)).toMatchObject({
      disposition: 'refused',
      reason: expect.stringContaining('in-flight'),
    });
    await harness.ended(first);
    expect(target.effects).toHaveLength(1);
    await executor.close();
  });

  test('plans over the same targets in opposite order never wait for each other', async () => {
    const executor = harness.startExecutor();
    const second = await startTarget(true);
    harness.targets.set('api', targetFrom('api', { kind: 'http', url: second.url, keyed: true, requests, readBack }));
    harness.world.says.values = { latency: 2 };
    const pairs = Array.from({ length: 6 }, (_, index) => {
      const [one, two] = index % 2 === 0 ? ['web', 'api'] : ['api', 'web'];
      const step = (id: string, name: string | undefined) => ({ ...scaleTo(4 + index), id, target: name ?? '' });
      return planFrom({ actions: [step('one', one), step('two', two)], verification: { windowSeconds: 0.05 } });
    });
    const ended = await Promise.all(
      (await Promise.all(pairs.map((each) => harness.submit(each)))).map((id) => harness.ended(id)),
    );
    expect(ended.every(({ state }) => state === 'completed' || state === 'failed')).toBe(true);
    expect(ended.some(({ state }) => state === 'completed')).toBe(true);
    expect(harness.errors).toEqual([]);
    await executor.close();
    await second.close();
  });

  test('many plans at once each have one effect and one outcome', async () => {
    const both = [harness.startExecutor(), harness.startExecutor()];
    const servers = await Promise.all(Array.from({ length: 12 }, () => startTarget(true)));
    const plans = servers.map((server, index) => {
      const name = `many-${String(index)}`;
      harness.targets.set(name, targetFrom(name, { kind: 'http', url: server.url, keyed: true, requests, readBack }));
      harness.world.says.values[name] = () => (server.effects.length > 0 ? 0.1 : 2);
      const [signal] = planFrom({ actions: [scaleTo(6)] }).verification.signals;
      if (!signal) throw new Error('a plan without a signal');
      return planFrom({
        actions: [{ ...scaleTo(6), target: name }],
        verification: { signals: [{ ...signal, query: name }] },
      });
    });
    const ids = await Promise.all(plans.flatMap((each) => [harness.submit(each), harness.submit(each)]));
    for (const id of new Set(ids)) expect(await harness.ended(id)).toMatchObject({ outcome_type: 'success' });
    expect(servers.map(({ effects }) => effects.length)).toEqual(servers.map(() => 1));
    for (const { id } of plans) expect(await harness.outcomes(id)).toHaveLength(1);
    await Promise.all([...both.map((each) => each.close()), ...servers.map((server) => server.close())]);
  });
});
