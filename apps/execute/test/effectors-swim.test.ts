import { createServer } from 'node:net';
import { EffectorSpec } from '@charter/shared/contracts';
import { listenOnLoopback } from '@charter/stack/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { swimEffector } from '../src/adapters/effectors/swim-effector.ts';
import { openLine } from '../src/adapters/effectors/swim-line.ts';
import { callFrom } from '../src/domain/actuation.ts';
import { describeEffector } from './effector-conformance.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type Neighbor, startSwim } from './neighbors.ts';

function on(port: number) {
  const spec = EffectorSpec.parse({ kind: 'swim', url: `tcp://127.0.0.1:${String(port)}` });
  if (spec.kind !== 'swim') throw new Error('another kind');
  return swimEffector({ spec, target: 'web' });
}
const dim = (value: number) => callFrom({ action: 'UPDATE_CONFIGURATION', parameters: { key: 'dimmer', value } });
const scaleTo = (replicas: number) => callFrom({ action: 'SCALE_DOWN', parameters: { replicas } });
const request = {
  idempotencyKey: 'k',
  fencingToken: 1,
  timeoutMs: 300,
  purpose: { incidentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', text: 'fewer late requests' },
};

describe('on one real web system', () => {
  let system: Neighbor;
  let proxy: FaultProxy;
  let port: number;
  beforeAll(async () => {
    system = await startSwim();
    port = Number(new URL(system.url).port);
    proxy = await startFaultProxy({
      port,
      isChange: (bytes) => /^(add_server|remove_server|set_dimmer)/m.test(bytes),
      refusal: 'error: refused on purpose\n',
    });
  });
  afterAll(async () => {
    await proxy.close();
    await system.close();
  });

  async function told(command: string): Promise<string> {
    const line = await openLine({ host: '127.0.0.1', port, timeoutMs: 1_000 });
    try {
      return await line.ask(command);
    } finally {
      line.close();
    }
  }

  describeEffector('swim, its dimmer', async () => {
    const before = await told('get_dimmer');
    proxy.moods = ['answers'];
    return {
      effector: on(proxy.port),
      unreachable: on(9),
      call: dim(before === '0.5' ? 0.25 : 0.5),
      effects: async () => ((await told('get_dimmer')) === before ? 0 : 1),
      refusal: 'refused on purpose',
      meet: (...moods) => {
        proxy.moods = moods;
      },
      close: async () => undefined,
    };
  });

  describeEffector('swim, its servers', async () => {
    await on(port).apply({ ...request, call: scaleTo(1) });
    const boots = Number(await told('get_servers'));
    proxy.moods = ['answers'];
    return {
      effector: on(proxy.port),
      unreachable: on(9),
      call: callFrom({ action: 'SCALE_UP', parameters: { replicas: 2 } }),
      // A second server would make it three.
      effects: async () => Number(await told('get_servers')) - boots,
      refusal: 'refused on purpose',
      meet: (...moods) => {
        proxy.moods = moods;
      },
      close: async () => undefined,
    };
  });

  test('tells a booting server from a ready one, and asks for no second one', async () => {
    const effector = on(port);
    await effector.apply({ ...request, call: scaleTo(1) });
    expect(await effector.isReady()).toBe(true);
    const call = callFrom({ action: 'SCALE_UP', parameters: { replicas: 2 } });
    expect(await effector.apply({ ...request, call })).toEqual({ kind: 'applied' });
    expect(await effector.isReady()).toBe(false);
    expect(await effector.readSpec()).toMatchObject({ replicas: 2 });
    const third = callFrom({ action: 'SCALE_UP', parameters: { replicas: 3 } });
    expect(await effector.apply({ ...request, call: third })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('boots already'),
    });
    expect(await effector.apply({ ...request, call: scaleTo(1) })).toEqual({ kind: 'applied' });
    expect(await effector.apply({ ...request, call: third })).toMatchObject({ kind: 'refused' });
    expect(await effector.apply({ ...request, call: scaleTo(0) })).toMatchObject({ kind: 'refused' });
  });

  test('refuses what the protocol has no word for', async () => {
    const effector = on(port);
    for (const call of [
      callFrom({ action: 'RESTART_SERVICE', parameters: {} }),
      callFrom({ action: 'UPDATE_CONFIGURATION', parameters: { key: 'threads', value: 5 } }),
      dim(1.5),
    ]) {
      expect(await effector.apply({ ...request, call })).toMatchObject({ kind: 'refused' });
      expect(await effector.isApplied(call, 'k')).toBeNull();
    }
  });
});

/** Answers each line by what `answer` says; undefined says nothing. */
async function stranger(answer: (line: string) => string | undefined) {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      const said = answer(bytes.toString().trim());
      if (said !== undefined) socket.write(said);
    });
  });
  return { server, ...(await listenOnLoopback(server)) };
}

describe('on a peer that does not keep to the protocol', () => {
  test.each<[string, string | undefined, string]>([
    ['answers something else', 'fine\n', 'unknown'],
    ['answers an error', 'error: no\n', 'refused'],
    ['never ends its line', 'x'.repeat(2_000), 'unknown'],
    ['answers twice', 'OK\nOK\n', 'unknown'],
    ['says nothing, as when the connection is half open', undefined, 'unknown'],
  ])('%s: the answer to a change is %s → %s', async (_, said, kind) => {
    const { port, close } = await stranger(() => said);
    expect(await on(port).apply({ ...request, call: dim(0.5) })).toMatchObject({ kind });
    await close();
  });

  test('an answer in pieces is one answer', async () => {
    const { port, server, close } = await stranger(() => undefined);
    server.on('connection', (socket) => {
      socket.once('data', () => {
        socket.write('O');
        setImmediate(() => socket.write('K\r\n'));
      });
    });
    expect(await on(port).apply({ ...request, call: dim(0.5) })).toEqual({ kind: 'applied' });
    await close();
  });

  test('values that are no numbers make it unavailable, and nothing is sent on them', async () => {
    const heard: string[] = [];
    const { port, close } = await stranger((line) => {
      heard.push(line);
      return 'many\n';
    });
    await expect(on(port).readSpec()).rejects.toMatchObject({ code: 'effector-unavailable' });
    expect(await on(port).apply({ ...request, call: scaleTo(1) })).toMatchObject({ kind: 'not-sent' });
    expect(heard).not.toContain('remove_server');
    await close();
  });
});
