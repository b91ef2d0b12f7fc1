import { EffectorSpec } from '@charter/shared/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kubernetesEffector } from '../src/adapters/effectors/kubernetes-effector.ts';
import { callFrom } from '../src/domain/actuation.ts';
import { describeEffector } from './effector-conformance.ts';
import { type KubernetesStub, startKubernetesStub } from './kubernetes-stub.ts';

const nowhere = 'http://127.0.0.1:9';
const deployment = { kind: 'Deployment', name: 'web' };

function effectorOn(url: string, object: { kind: string; name: string }, rest: Record<string, unknown> = {}) {
  const spec = EffectorSpec.parse({ kind: 'kubernetes', url, namespace: 'shop', object, ...rest });
  if (spec.kind !== 'kubernetes') throw new Error('another kind');
  return kubernetesEffector({
    spec,
    target: 'web',
    secretOf: (name) => (name === 'CLUSTER_TOKEN' ? 't0ken' : undefined),
  });
}

const scaleTo = (replicas: number) => callFrom({ action: 'SCALE_UP', parameters: { replicas } });
const restart = callFrom({ action: 'RESTART_SERVICE', parameters: {} });
const setWorkers = callFrom({ action: 'UPDATE_CONFIGURATION', parameters: { key: 'workers', value: 16 } });
const cordon = callFrom({ action: 'UPDATE_CONFIGURATION', parameters: { key: 'unschedulable', value: true } });

const benchOf =
  (object: { kind: string; name: string }, call: ReturnType<typeof scaleTo>, forgetsAnnotations = false) =>
  async () => {
    const stub = await startKubernetesStub();
    stub.forgetsAnnotations = forgetsAnnotations;
    return {
      effector: effectorOn(stub.url, object),
      unreachable: effectorOn(nowhere, object),
      call,
      effects: async () => stub.effects,
      meet: (...moods: typeof stub.moods) => {
        stub.moods = moods;
      },
      close: () => stub.close(),
    };
  };

describeEffector('kubernetes, replicas of a deployment', benchOf(deployment, scaleTo(6)));
describeEffector('kubernetes, a rollout restart', benchOf(deployment, restart));
describeEffector('kubernetes, a config map', benchOf({ kind: 'ConfigMap', name: 'web-settings' }, setWorkers));
describeEffector('kubernetes, a cordoned node', benchOf({ kind: 'Node', name: 'node-1' }, cordon));

describe('kubernetes', () => {
  let stub: KubernetesStub;
  beforeEach(async () => {
    stub = await startKubernetesStub();
  });
  afterEach(() => stub.close());
  const purpose = { incidentId: 'incident-1', text: 'test' };
  const request = { call: scaleTo(6), purpose, idempotencyKey: 'k1', fencingToken: 7, timeoutMs: 500 };

  test('an admission hook that drops the keys doubles nothing: what is asked for is absolute', async () => {
    stub.forgetsAnnotations = true;
    const effector = effectorOn(stub.url, deployment);
    for (const call of [scaleTo(6), restart]) {
      await effector.apply({ ...request, call });
      await effector.apply({ ...request, call });
    }
    expect(stub.patches).toHaveLength(4);
    expect(stub.effects).toBe(2);
  });

  test('patches the version it read, as its own field manager, with key and token in the same patch', async () => {
    await effectorOn(stub.url, deployment, { secretEnvironment: 'CLUSTER_TOKEN' }).apply(request);
    const [patch] = stub.patches;
    expect(patch?.query.get('fieldManager')).toBe('charter');
    expect(patch?.headers).toMatchObject({
      authorization: 'Bearer t0ken',
      'content-type': 'application/merge-patch+json',
    });
    expect(patch?.body).toEqual({
      metadata: {
        resourceVersion: '1',
        annotations: { 'charter/idempotency-key': 'k1', 'charter/fencing-token': '7' },
      },
      spec: { replicas: 6 },
    });
  });

  test('what someone else wrote between reading and patching is not overwritten unseen', async () => {
    let reads = 0;
    stub.onRead = () => {
      reads += 1;
      if (reads > 1) return;
      const { metadata } = stub.deployment;
      if (metadata) stub.deployment.metadata = { ...metadata, resourceVersion: '50', annotations: { by: 'a person' } };
    };
    expect(await effectorOn(stub.url, deployment).apply(request)).toEqual({ kind: 'applied' });
    expect(stub.patches.map(({ body }) => body.metadata?.resourceVersion)).toEqual(['1', '50']);
    expect(stub.deployment.metadata?.annotations).toMatchObject({ by: 'a person' });
  });

  test('two executors at once: the older token never wins over the newer', async () => {
    const effector = effectorOn(stub.url, deployment);
    await Promise.all([
      effector.apply({ ...request, call: scaleTo(4), idempotencyKey: 'old', fencingToken: 1 }),
      effector.apply({ ...request, call: scaleTo(9), idempotencyKey: 'new', fencingToken: 2 }),
    ]);
    expect(stub.deployment.spec?.replicas).toBe(9);
  });

  test('a dry run is asked of the API server and changes nothing', async () => {
    const effector = effectorOn(stub.url, deployment);
    expect(await effector.tryOut?.(scaleTo(6))).toEqual({ kind: 'applied' });
    expect(await effector.tryOut?.(scaleTo(1_000))).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('spec.replicas: 1000'),
    });
    expect(stub.patches.map(({ query }) => query.get('dryRun'))).toEqual(['All', 'All']);
    expect([stub.deployment.spec?.replicas, stub.effects]).toEqual([3, 0]);
  });

  test('says what an object does not take, and what is missing, in words', async () => {
    const node = effectorOn(stub.url, { kind: 'Node', name: 'node-1' });
    expect(await node.apply(request)).toMatchObject({
      kind: 'refused',
      reason: 'web is a Node: it does not take SCALE_UP',
    });
    expect(await effectorOn(stub.url, { kind: 'Deployment', name: 'gone' }).apply(request)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('404'),
    });
    await expect(effectorOn(stub.url, deployment, { secretEnvironment: 'ABSENT' }).apply(request)).rejects.toThrow(
      'ABSENT is not set',
    );
    await expect(effectorOn(stub.url, deployment, { caFile: '/no/such/ca.pem' }).readSpec()).rejects.toThrow(
      '/no/such/ca.pem cannot be read',
    );
  });

  test('dials only hosts on its list', async () => {
    const effector = effectorOn(stub.url, deployment, { allowHosts: ['example.org'] });
    expect(await effector.apply(request)).toMatchObject({
      kind: 'not-sent',
      reason: expect.stringContaining('not among'),
    });
    expect(stub.patches).toHaveLength(0);
  });
});
