import { EffectorSpec } from '@charter/shared/contracts';
import { type ConfiguredServer, startTestAlertmanager, startTestRedis, type TestServer } from '@charter/stack/testing';
import { openStore, type Store } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { actuatorEffector } from '../src/adapters/effectors/actuator-effector.ts';
import { alertmanagerEffector } from '../src/adapters/effectors/alertmanager-effector.ts';
import { redisConfigEffector } from '../src/adapters/effectors/redis-config-effector.ts';
import { sameSetting } from '../src/adapters/effectors/redis-setting.ts';
import { callFrom } from '../src/domain/actuation.ts';
import { describeEffector } from './effector-conformance.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { type Neighbor, startCharter } from './neighbors.ts';

const purpose = { incidentId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', text: 'restart against memory_ratio of orders' };
const portOf = (url: string): number => Number(new URL(url).port);

describe('on one real Redis', () => {
  let server: TestServer;
  let redis: Redis;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startTestRedis();
    redis = new Redis(server.url);
    const isChange = (bytes: string): boolean => /config\r\n\$3\r\nset/i.test(bytes);
    proxy = await startFaultProxy({ port: portOf(server.url), isChange, refusal: '-ERR refused on purpose\r\n' });
  });
  afterAll(async () => {
    redis.disconnect();
    await proxy.close();
    await server.stop();
  });

  const parameters = ['slowlog-max-len', 'maxmemory', 'maxmemory-policy'];
  function on(port: number, rest: Record<string, unknown> = {}) {
    const spec = EffectorSpec.parse({
      kind: 'redis-config',
      url: `redis://127.0.0.1:${String(port)}`,
      parameters,
      ...rest,
    });
    if (spec.kind !== 'redis-config') throw new Error('another kind');
    return redisConfigEffector({ spec, target: 'cache', secretOf: () => undefined });
  }
  const set = (key: string, value: string | number) =>
    callFrom({ action: 'UPDATE_CONFIGURATION', parameters: { key, value } });
  /** Redis' own count of `CONFIG SET`. */
  async function changes(): Promise<number> {
    return Number(/cmdstat_config\|set:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  }

  describeEffector('redis-config', async () => {
    const former = await changes();
    const [, length] = (await redis.config('GET', 'slowlog-max-len')) as string[];
    proxy.moods = ['answers'];
    return {
      effector: on(proxy.port),
      unreachable: on(9),
      call: set('slowlog-max-len', Number(length) + 1),
      effects: async () => (await changes()) - former,
      meet: (...moods: typeof proxy.moods) => {
        proxy.moods = moods;
      },
      refusal: 'refused on purpose',
      close: async () => undefined,
    };
  });

  const request = { purpose, idempotencyKey: 'k', fencingToken: 1, timeoutMs: 900 };

  test('reads back what it set in its own words', async () => {
    const effector = on(portOf(server.url));
    const call = set('maxmemory', '100mb');
    expect(await effector.isApplied(call, 'k')).toBe(false);
    expect(await effector.apply({ ...request, call })).toEqual({ kind: 'applied' });
    expect(await effector.readSpec()).toMatchObject({ config: { maxmemory: '104857600' } });
    expect(await effector.isApplied(call, 'k')).toBe(true);
  });

  test('sets nothing that its target does not list, and nothing that Redis refuses', async () => {
    const effector = on(portOf(server.url));
    const former = await changes();
    expect(await effector.apply({ ...request, call: set('dir', '/tmp') })).toMatchObject({
      kind: 'refused',
      reason: 'cache: its parameters are slowlog-max-len, maxmemory, maxmemory-policy, not "dir"',
    });
    expect(await changes()).toBe(former);
    expect(await effector.apply({ ...request, call: set('maxmemory-policy', 'as-you-like') })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('Redis answers'),
    });
  });

  test('a file that cannot be written leaves the Redis as it is', async () => {
    const effector = on(portOf(server.url), { rewrite: true });
    const before = await effector.readSpec();
    expect(await effector.apply({ ...request, call: set('slowlog-max-len', 7) })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('config file'),
    });
    expect(await effector.readSpec()).toEqual(before);
  });

  test('a password is never a parameter, whatever a pack says', () => {
    const wanted = { kind: 'redis-config', url: 'redis://127.0.0.1', parameters: ['requirepass'] };
    expect(EffectorSpec.safeParse(wanted).error?.issues[0]?.message).toContain('holds a secret');
  });

  test.each([
    ['100mb', '104857600', true],
    ['1g', '1000000000', true],
    ['noeviction', 'NoEviction', true],
    ['100mb', '100000000', false],
    ['allkeys-lru', 'allkeys-lfu', false],
  ])('%s and %s are the same setting: %s', (a, b, same) => {
    expect(sameSetting(a, b)).toBe(same);
  });
});

describe('on one real Alertmanager', () => {
  let server: ConfiguredServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startTestAlertmanager('route: {receiver: nobody}\nreceivers: [{name: nobody}]\n');
    const refused = '"no"';
    proxy = await startFaultProxy({
      port: portOf(server.url),
      isChange: (bytes) => /^(POST|DELETE) /.test(bytes),
      refusal: `HTTP/1.1 422 Unprocessable\r\ncontent-type: application/json\r\ncontent-length: ${String(refused.length)}\r\nconnection: close\r\n\r\n${refused}`,
    });
  });
  afterAll(async () => {
    await proxy.close();
    await server.stop();
  });

  let number = 0;
  const componentOf = (): string => `component-${String(number)}`;
  function on(port: number) {
    const spec = EffectorSpec.parse({
      kind: 'alertmanager',
      url: `http://127.0.0.1:${String(port)}`,
      matchers: [{ name: 'component', value: componentOf() }],
    });
    if (spec.kind !== 'alertmanager') throw new Error('another kind');
    return alertmanagerEffector({ spec, target: 'alerts', secretOf: () => undefined, now: () => Date.now() / 1_000 });
  }
  const silenceFor = (ttlSeconds: number) =>
    callFrom({ action: 'ACTIVATE_EMERGENCY_OVERRIDE', parameters: { ttlSeconds } });
  const Silences = z.array(
    z.looseObject({
      id: z.string(),
      createdBy: z.string(),
      comment: z.string(),
      endsAt: z.string(),
      status: z.looseObject({ state: z.string() }),
      matchers: z.array(z.looseObject({ value: z.string() })),
    }),
  );
  async function silences() {
    const all = Silences.parse(await (await fetch(`${server.url}/api/v2/silences`)).json());
    return all.filter(({ matchers }) => matchers[0]?.value === componentOf());
  }

  describeEffector('alertmanager', async () => {
    number += 1;
    proxy.moods = ['answers'];
    return {
      effector: on(proxy.port),
      unreachable: on(9),
      call: silenceFor(600),
      effects: async () => (await silences()).length,
      meet: (...moods: typeof proxy.moods) => {
        proxy.moods = moods;
      },
      close: async () => undefined,
    };
  });

  test('a silence says who, why and for which incident, is extended in place, and ends', async () => {
    number += 1;
    const effector = on(portOf(server.url));
    const request = { purpose, fencingToken: 1, timeoutMs: 2_000 };
    await effector.apply({ ...request, call: silenceFor(300), idempotencyKey: 'first' });
    const [first] = await silences();
    expect(first).toMatchObject({ createdBy: 'charter', status: { state: 'active' } });
    expect(first?.comment).toContain(purpose.text);
    expect(first?.comment).toContain(purpose.incidentId);

    await effector.apply({ ...request, call: silenceFor(1_200), idempotencyKey: 'second' });
    const active = (await silences()).filter(({ status }) => status.state === 'active');
    expect(active).toHaveLength(1);
    const lasts = (Date.parse(active[0]?.endsAt ?? '') - Date.now()) / 1_000;
    expect(lasts).toBeGreaterThan(1_100);
    expect(await effector.isApplied(silenceFor(1_200), 'first')).toBe(false);
    expect(await effector.isApplied(silenceFor(1_200), 'second')).toBe(true);

    await effector.apply({ ...request, call: silenceFor(0), idempotencyKey: 'third' });
    expect((await silences()).map(({ status }) => status.state)).not.toContain('active');
    expect(await effector.readSpec()).toEqual({ overrideUntil: null, silenceId: null });
  });

  test('a silence of everything is no target, and one without end is refused', async () => {
    const everything = {
      kind: 'alertmanager',
      url: server.url,
      matchers: [{ name: 'severity', value: '.*', isRegex: true }],
    };
    expect(EffectorSpec.safeParse(everything).error?.issues[0]?.message).toContain('must not cover everything');
    const request = { purpose, fencingToken: 1, timeoutMs: 500, idempotencyKey: 'k' };
    expect(await on(portOf(server.url)).apply({ ...request, call: silenceFor(1e9) })).toMatchObject({
      kind: 'refused',
      reason: 'alerts: ttlSeconds is within 0 and 3600',
    });
  });
});

describe('on one real charter', { timeout: 60_000 }, () => {
  let charter: Neighbor;
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let records: Store<never>;
  beforeAll(async () => {
    database = await createTestDatabase(inject('postgresUrl'));
    charter = await startCharter({ DATABASE_URL: database.url, REDIS_URL: inject('redisUrl') });
    records = await openStore<never>({ url: database.url, schema: 'spectator', migrations: {}, poolSize: 1 });
  });
  afterAll(async () => {
    await charter.close();
    await records.close();
    await database.drop();
  });

  const count = async (): Promise<number> => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from charter.component_effect`.execute(records.db);
    return rows[0]?.count ?? 0;
  };

  for (const action of ['scale', 'config', 'restart'] as const) {
    describeEffector(`charter, ${action} of its evaluation workers`, async () => {
      const on = (url: string) =>
        actuatorEffector({ kind: 'charter', url, component: 'evaluation', apiKey: undefined });
      const former = await count();
      const now = z
        .looseObject({ replicas: z.number(), config: z.record(z.string(), z.number()) })
        .parse(await on(charter.url).readSpec());
      const calls = {
        scale: callFrom({ action: 'SCALE_UP', parameters: { replicas: now.replicas + 1 } }),
        config: callFrom({
          action: 'UPDATE_CONFIGURATION',
          parameters: { key: 'batchSize', value: (now.config.batchSize ?? 0) + 1 },
        }),
        restart: callFrom({ action: 'RESTART_SERVICE', parameters: {} }),
      };
      return {
        effector: on(charter.url),
        unreachable: on('http://127.0.0.1:9'),
        call: calls[action],
        effects: async () => (await count()) - former,
        meet: null,
        close: async () => undefined,
      };
    });
  }
});
