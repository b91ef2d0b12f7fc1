import { EffectorSpec } from '@charter/shared/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEffectors } from '../src/adapters/effectors/effectors.ts';
import { type ActuatorCall, callFrom, undoOf } from '../src/domain/actuation.ts';
import type { Effector } from '../src/ports.ts';
import { type DockerStub, startDockerStub } from './docker-stub.ts';
import { targetFrom } from './drafts.ts';
import { describeEffector } from './effector-conformance.ts';

const effectors = createEffectors({ apiKey: undefined, secretOf: () => undefined, now: () => 0 });
const on = (url: string, kind: 'container' | 'service'): Promise<Effector> =>
  effectors.of(targetFrom('web', EffectorSpec.parse({ kind: 'docker', url, object: { kind, name: 'web' } })));

const restart = callFrom({ action: 'RESTART_SERVICE', parameters: {} });
const setting = (key: string, value: ActuatorCall['body'][string]) =>
  callFrom({ action: 'UPDATE_CONFIGURATION', parameters: { key, value } });

const benchOf = (kind: 'container' | 'service', call: ActuatorCall) => async () => {
  const stub = await startDockerStub();
  return {
    effector: await on(stub.url, kind),
    unreachable: await on('unix:///nonexistent/docker.sock', kind),
    call,
    effects: async () => stub.effects,
    meet: (...moods: typeof stub.moods) => {
      stub.moods = moods;
    },
    close: () => stub.close(),
  };
};

describeEffector('docker, a container is paused', benchOf('container', setting('paused', true)));
describeEffector('docker, a container is limited', benchOf('container', setting('cpus', 0.5)));
describeEffector('docker, a container restarts', benchOf('container', restart));
describeEffector(
  'docker, a service is scaled',
  benchOf('service', callFrom({ action: 'SCALE_UP', parameters: { replicas: 6 } })),
);
describeEffector('docker, a service restarts', benchOf('service', restart));
describeEffector('docker, a service is limited', benchOf('service', setting('memoryBytes', 64 * 2 ** 20)));

describe('docker', () => {
  let stub: DockerStub;
  beforeEach(async () => {
    stub = await startDockerStub();
  });
  afterEach(() => stub.close());
  const purpose = { incidentId: 'incident-1', text: 'test' };
  const request = { call: restart, purpose, idempotencyKey: 'k1', fencingToken: 7, timeoutMs: 500 };

  test('a limit that the container does not have promises no way back', async () => {
    const before = await (await on(stub.url, 'container')).readSpec();
    expect(undoOf(setting('memory', { bytes: 1e9, withSwapBytes: 2e9 }), before)).toBeNull();
    expect(undoOf(setting('cpus', 0.5), before)?.body).toEqual({ key: 'cpus', value: 1 });
  });

  test('what is there already is not set again', async () => {
    const container = await on(stub.url, 'container');
    expect(await container.apply({ ...request, call: setting('paused', false) })).toEqual({ kind: 'applied' });
    expect(stub.attempts).toBe(0);
  });

  test('a service that someone updated in between is read again, and nothing of theirs is lost', async () => {
    let reads = 0;
    stub.onRead = () => {
      reads += 1;
      if (reads > 1) return;
      stub.service.index += 1;
      stub.service.spec.Labels.owner = 'a person';
    };
    const service = await on(stub.url, 'service');
    expect(await service.apply(request)).toEqual({ kind: 'applied' });
    expect([stub.attempts, stub.effects]).toEqual([2, 1]);
    expect(stub.service.spec).toMatchObject({
      Labels: { team: 'shop', owner: 'a person', 'charter.idempotency-key': 'k1' },
      TaskTemplate: { ForceUpdate: 1 },
    });
  });

  test('says what a container or service does not take in words', async () => {
    const container = await on(stub.url, 'container');
    const scale = callFrom({ action: 'SCALE_UP', parameters: { replicas: 2 } });
    expect(await container.apply({ ...request, call: scale })).toMatchObject({
      kind: 'refused',
      reason: 'web: a container does not take SCALE_UP',
    });
    expect(await container.apply({ ...request, call: setting('colour', 'red') })).toMatchObject({
      kind: 'refused',
      reason: 'web: its settings are paused, cpus, memory, pids',
    });
    expect(stub.attempts).toBe(0);
  });
});
