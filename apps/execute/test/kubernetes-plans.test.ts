import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { requestOf } from '../src/adapters/execution-records.ts';
import { rehearse } from '../src/workers/rehearse.ts';
import { planFrom, targetFrom } from './drafts.ts';
import { createHarness, fastSettings, type Harness } from './harness.ts';
import { type KubernetesStub, startKubernetesStub } from './kubernetes-stub.ts';

const scaleTo = (replicas: number) => ({ action: 'SCALE_UP' as const, target: 'web', parameters: { replicas } });

describe('a plan for a deployment', { timeout: 60_000 }, () => {
  let harness: Harness;
  let cluster: KubernetesStub;
  beforeAll(async () => {
    harness = await createHarness(inject('postgresUrl'));
  });
  afterAll(() => harness.close());
  beforeEach(async () => {
    cluster = await startKubernetesStub();
    const object = { kind: 'Deployment', name: 'web' };
    harness.targets.set(
      'web',
      targetFrom(
        'web',
        { kind: 'kubernetes', url: cluster.url, namespace: 'shop', object },
        { limits: { maxReplicas: 2_000 } },
      ),
    );
    harness.world.says.values = { latency: () => (cluster.deployment.spec?.replicas === 3 ? 2 : 0.1) };
  });
  afterEach(() => cluster.close());

  test('is rehearsed by the cluster itself, which keeps nothing', async () => {
    const deps = harness.depsFor(fastSettings);
    const texts = async (replicas: number) => {
      const id = await rehearse(deps, planFrom({ actions: [scaleTo(replicas)] }));
      return (await harness.journal(id)).map(({ text }) => text);
    };
    expect(await texts(6)).toEqual(['Would scale web to 6 replicas']);
    expect(await texts(1_000)).toEqual([
      expect.stringMatching(/^Would be refused by web itself: .*spec\.replicas: 1000/),
    ]);
    expect([cluster.deployment.spec?.replicas, cluster.effects]).toEqual([3, 0]);
  });

  test('takes effect once across a crash, is verified, and is taken back by a person', async () => {
    const dying = harness.startExecutor({ freezeAt: 'effect-done' });
    const plan = planFrom({ actions: [scaleTo(6)] });
    const id = await harness.submit(plan);
    await expect.poll(() => cluster.effects).toBe(1);
    const heir = harness.startExecutor();
    expect(await harness.ended(id)).toMatchObject({ state: 'completed', outcome_type: 'success' });
    expect([cluster.deployment.spec?.replicas, cluster.effects]).toEqual([6, 1]);
    await requestOf(harness.store, id, { request: 'rollback', by: 'ada', slackSeconds: 20 });
    await expect.poll(async () => (await harness.execution(id)).state).toBe('rolled_back');
    expect(cluster.deployment.spec?.replicas).toBe(3);
    dying.thaw();
    await Promise.all([dying.close(), heir.close()]);
  });
});
