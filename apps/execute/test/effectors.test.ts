import { createHmac } from 'node:crypto';
import type { EffectorSpec } from '@charter/shared/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { actuatorEffector } from '../src/adapters/effectors/actuator-effector.ts';
import { httpEffector } from '../src/adapters/effectors/http-effector.ts';
import { processEffector } from '../src/adapters/effectors/process-effector.ts';
import { callFrom } from '../src/domain/actuation.ts';
import { describeEffector } from './effector-conformance.ts';
import { type Neighbor, startSupervisor, startTestbed } from './neighbors.ts';
import { startTarget } from './target-server.ts';

type HttpSpec = Extract<EffectorSpec, { kind: 'http' }>;
const nowhere = 'http://127.0.0.1:9';

const httpSpec = (url: string, rest: Partial<HttpSpec> = {}): HttpSpec => ({
  kind: 'http',
  url,
  keyed: false,
  requests: {
    SCALE_UP: { method: 'PUT', path: '/settings/{target}', body: { replicas: '{replicas}' } },
    SCALE_DOWN: { method: 'PUT', path: '/settings/{target}', body: { replicas: '{replicas}' } },
    RESTART_SERVICE: { method: 'POST', path: '/restart' },
  },
  ...rest,
});
const httpOn = (spec: HttpSpec) =>
  httpEffector({
    spec,
    target: 'web',
    secretOf: (name) => (name === 'WEB_SECRET' ? 's3cret' : undefined),
    now: () => 1_700_000_000,
  });

const scaleUp = callFrom({ action: 'SCALE_UP', parameters: { replicas: 6 } });
const restart = callFrom({ action: 'RESTART_SERVICE', parameters: {} });
const restartMark = { path: '/status', pointer: '/starts' };
const readBack = { path: '/state', pointer: '/settings/replicas' };

async function httpBench(honorsKeys: boolean, rest: Partial<HttpSpec>, call = scaleUp) {
  const target = await startTarget(honorsKeys, rest.restartMark !== undefined);
  return {
    effector: httpOn(httpSpec(target.url, rest)),
    unreachable: httpOn(httpSpec(nowhere, rest)),
    call,
    effects: async () => target.effects.length,
    meet: (...moods: typeof target.moods) => {
      target.moods = moods;
    },
    close: () => target.close(),
  };
}

describeEffector('http, keyed', () => httpBench(true, { keyed: true, readBack }));
describeEffector('http, set-point on a target that ignores keys', () => httpBench(false, { readBack }));
describeEffector('http, a restart on a target that ignores keys', () => httpBench(false, { readBack }, restart));
describeEffector('http, a restart that shows', () => httpBench(false, { restartMark }, restart));
describeEffector('http, at most once', () => httpBench(false, {}));

for (const [name, honorsKeys, countsStarts] of [
  ['keyed', true, true],
  ['a supervisor without keys', false, false],
  ['a supervisor that counts starts', false, true],
] as const) {
  describeEffector(`process, ${name}`, async () => {
    const target = await startTarget(honorsKeys, countsStarts);
    return {
      effector: await processEffector(target.url),
      unreachable: await processEffector(nowhere),
      call: restart,
      effects: async () => target.effects.length,
      meet: (...moods: typeof target.moods) => {
        target.moods = moods;
      },
      close: () => target.close(),
    };
  });
}

const Status = z.object({ starts: z.number() });
const Effects = z.object({ items: z.array(z.unknown()) });

describe('on one real testbed', () => {
  let testbed: Neighbor;
  beforeAll(async () => {
    testbed = await startTestbed();
  });
  afterAll(() => testbed.close());

  describeEffector('testbed', async () => {
    const on = (url: string) => actuatorEffector({ kind: 'testbed', url, component: 'orders', apiKey: undefined });
    const count = async (): Promise<number> =>
      Effects.parse(await (await fetch(`${testbed.url}/api/v1/effects`)).json()).items.length;
    const former = await count();
    const { replicas } = (await on(testbed.url).readSpec()) ?? {};
    return {
      effector: on(testbed.url),
      unreachable: on(nowhere),
      call: replicas === 6 ? callFrom({ action: 'SCALE_UP', parameters: { replicas: 7 } }) : scaleUp,
      effects: async () => (await count()) - former,
      meet: null,
      close: async () => undefined,
    };
  });
});

describe('on one real process', { timeout: 60_000 }, () => {
  let supervisor: Neighbor;
  beforeAll(async () => {
    supervisor = await startSupervisor();
  });
  afterAll(() => supervisor.close());

  describeEffector('process, its own supervisor', async () => {
    const starts = async (): Promise<number> =>
      Status.parse(await (await fetch(`${supervisor.url}/status`)).json()).starts;
    const former = await starts();
    return {
      effector: await processEffector(supervisor.url),
      unreachable: await processEffector(nowhere),
      call: restart,
      effects: async () => (await starts()) - former,
      meet: null,
      timeoutMs: 30_000,
      close: async () => undefined,
    };
  });
});

describe('the http effector', () => {
  const purpose = { incidentId: 'incident-1', text: 'test' };
  const request = { call: scaleUp, purpose, idempotencyKey: 'k', fencingToken: 1, timeoutMs: 500 };

  test('signs time, method, path and body with the secret that the target names', async () => {
    const target = await startTarget(false);
    await httpOn(httpSpec(target.url, { secretEnvironment: 'WEB_SECRET' })).apply(request);
    const expected = createHmac('sha256', 's3cret').update('1700000000.PUT./settings/web.{"replicas":6}').digest('hex');
    expect(target.effects[0]?.headers['charter-signature']).toBe(`t=1700000000,v1=${expected}`);
    await target.close();
  });

  test('never sends without the secret that the target names', async () => {
    const target = await startTarget(false);
    const effector = httpOn(httpSpec(target.url, { secretEnvironment: 'ABSENT' }));
    await expect(effector.apply(request)).rejects.toThrow('ABSENT is not set');
    expect(target.attempts).toBe(0);
    await target.close();
  });

  test('dials only hosts on its list, and never an address of link-local metadata', async () => {
    const target = await startTarget(false);
    const { port } = new URL(target.url);
    const outside = httpOn(httpSpec(`http://localhost:${port}`, { allowHosts: ['example.org'] }));
    expect(await outside.apply(request)).toMatchObject({
      kind: 'not-sent',
      reason: expect.stringContaining('not among'),
    });
    const otherPort = httpOn(httpSpec(target.url, { allowHosts: ['127.0.0.1:1'] }));
    expect(await otherPort.apply(request)).toMatchObject({ kind: 'not-sent' });
    const metadata = httpOn(httpSpec('http://169.254.169.254', { allowHosts: ['169.254.169.254'] }));
    expect(await metadata.apply(request)).toMatchObject({
      kind: 'not-sent',
      reason: expect.stringContaining('nothing may'),
    });
    expect(target.attempts).toBe(0);
    const inside = httpOn(httpSpec(`http://localhost:${port}`, { allowHosts: [`localhost:${port}`] }));
    expect(await inside.apply(request)).toMatchObject({ kind: 'applied' });
    await target.close();
  });

  test('refuses a parameter that its template needs and the action does not have', async () => {
    const effector = httpOn(httpSpec(nowhere));
    const call = callFrom({ action: 'SCALE_UP', parameters: {} });
    expect(await effector.apply({ ...request, call })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('{replicas}'),
    });
  });

  test('keeps a parameter within its path segment', async () => {
    const target = await startTarget(false);
    const spec = httpSpec(target.url, { requests: { SCALE_UP: { method: 'PUT', path: '/settings/{replicas}' } } });
    await httpOn(spec).apply({
      ...request,
      call: callFrom({ action: 'SCALE_UP', parameters: { replicas: '../../admin' } }),
    });
    expect(target.effects[0]?.path).toBe('/settings/..%2F..%2Fadmin');
    await target.close();
  });
});
