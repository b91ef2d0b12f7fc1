import { type ChildProcess, fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openTransport } from '@charter/queue';
import { createRegistry } from '@charter/service';
import { Outcome, planQueue } from '@charter/shared/contracts';
import { startTestRedis } from '@charter/stack/testing';
import { openStore } from '@charter/store';
import { createTestDatabase } from '@charter/store/testing';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { expect, inject, onTestFinished, test } from 'vitest';
import { planFrom, targetDocument, violated } from './drafts.ts';
import { startStandIn } from './stand-in.ts';
import { startTarget } from './target-server.ts';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const incidents = Number(process.env.CHARTER_CHAOS_INCIDENTS ?? 100);
const requests = {
  SCALE_UP: { method: 'PUT', path: '/settings', body: { replicas: '{replicas}' } },
  RESTART_SERVICE: { method: 'POST', path: '/restart' },
};
const readBack = { path: '/state', pointer: '/settings/replicas' };

/** Same seed, same moments. */
function randomFrom(seed: number): () => number {
  let word = seed;
  return () => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    return word / 4_294_967_296;
  };
}

test(
  `${String(incidents)} incidents, executors killed at random, duplicates, FLUSHALL, cut connections: none lost, doubled or half done`,
  async () => {
    const random = randomFrom(7);
    const [database, redis, world] = await Promise.all([
      createTestDatabase(inject('postgresUrl')),
      startTestRedis(),
      startStandIn(),
    ]);
    const kinds = ['keyed', 'set-point', 'at-most-once'] as const;
    const targets = await Promise.all(
      Array.from({ length: incidents }, async (_, index) => {
        const kind = kinds[index % 10 < 6 ? 0 : index % 10 < 9 ? 1 : 2] ?? 'keyed';
        const server = await startTarget(kind === 'keyed');
        server.slownessMs = 40;
        return { name: `target-${String(index)}`, kind, server };
      }),
    );
    world.says.pack = targets.map(({ name, kind, server }) =>
      targetDocument(name, {
        kind: 'http',
        url: server.url,
        keyed: kind === 'keyed',
        requests,
        ...(kind === 'at-most-once' ? {} : { readBack }),
      }),
    );
    for (const { name, server } of targets) world.says.values[name] = () => (server.effects.length > 0 ? 0.1 : 2);
    const plans = targets.map(({ name, kind }) =>
      planFrom({
        actions: [
          {
            target: name,
            ...(kind === 'at-most-once'
              ? { action: 'RESTART_SERVICE' }
              : { action: 'SCALE_UP', parameters: { replicas: 6 } }),
          },
        ],
        verification: { signals: [violated({ query: name })] },
        expiresAt: new Date(Date.now() + 600_000).toISOString(),
      }),
    );

    const store = await openStore<never>({ url: database.url, schema: 'plan', migrations: {}, poolSize: 3 });
    const planTransport = openTransport({
      app: 'plan',
      store,
      redisUrl: redis.url,
      registry: createRegistry('plan'),
      resendAfterSeconds: 2,
      onError: () => undefined,
    });
    const environment = {
      PATH: process.env.PATH,
      PORT: '0',
      LOG_LEVEL: 'fatal',
      DATABASE_URL: database.url,
      REDIS_URL: redis.url,
      PROMETHEUS_URL: world.url,
      CHARTER_URL: world.url,
      ORCHESTRATOR_URL: world.url,
      MONITOR_URL: world.url,
      CHARTER_STATE_DIR: '/nonexistent',
      EXECUTE_LEASE: '1s',
      EXECUTE_POLL: '100ms',
      EXECUTE_CONCURRENCY: '6',
      EXECUTE_COOLDOWN: '0s',
      EXECUTE_RISK_PER_GROUP: '1000',
      EXECUTE_RISK_GLOBAL: '1000',
      EXECUTE_ACTIONS_PER_POLICY: '10000',
      EXECUTE_ACTIONS_PER_GROUP: '10000',
      EXECUTE_ACTIONS_GLOBAL: '10000',
    };
    let isOver = false;
    const children: ChildProcess[] = [];
    /** Keeps one executor running, as a supervisor does: one whose connections are cut at its start may end by itself. */
    const supervise = (index: number): void => {
      const child = fork(main, [], { env: environment, stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
      children[index] = child;
      child.once('exit', () => {
        if (!isOver) supervise(index);
      });
    };
    supervise(0);
    supervise(1);
    onTestFinished(async () => {
      isOver = true;
      for (const child of children) child.kill('SIGKILL');
      await planTransport.close();
      await store.close();
      await Promise.all([...targets.map(({ server }) => server.close()), world.close(), redis.stop()]);
      await database.drop();
    }, 30_000);
    const openExecutions = async (): Promise<unknown[]> => {
      const { rows } = await sql<{ plan_id: string; state: string; held_reason: string | null }>`
      select plan_id, state, held_reason from execute.execution`.execute(store.transport);
      const over = new Set(
        rows.filter(({ state }) => !/pending|in_progress|paused/.test(state)).map((row) => row.plan_id),
      );
      return plans.filter(({ id }) => !over.has(id)).map(({ id }) => rows.find((row) => row.plan_id === id) ?? id);
    };

    let kills = 0;
    const chaos = (async () => {
      for (let round = 0; round < Math.max(12, incidents / 10) && !isOver; round += 1) {
        await pause(1_000 + random() * 2_000);
        if (isOver) return;
        if (children[Math.floor(random() * children.length)]?.kill('SIGKILL')) kills += 1;
        if (round % 4 === 1) {
          const client = new Redis(redis.url);
          await client.flushall();
          client.disconnect();
        }
        if (round % 4 === 3) {
          await sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'charter-execute' and datname = current_database()`.execute(store.transport);
        }
      }
    })();
    for (const plan of plans) {
      for (let copy = 0; copy < 2; copy += 1) {
        await store.transaction((tx) => tx.enqueue(planQueue, plan, { incidentId: plan.incidentId }));
      }
      await pause(150);
    }
    await chaos;
    await expect.poll(openExecutions, { timeout: Math.max(120_000, incidents * 300), interval: 500 }).toEqual([]);

    const rows = await store.transport
      .selectFrom('transport.outbox')
      .select('payload')
      .where('queue', '=', 'outcomes')
      .execute();
    const outcomes = new Map(
      rows.map(({ payload }) => Outcome.parse(JSON.parse(payload).data)).map((outcome) => [outcome.planId, outcome]),
    );
    expect(rows).toHaveLength(plans.length);
    let questions = 0;
    for (const [index, { kind, server }] of targets.entries()) {
      const outcome = outcomes.get(plans[index]?.id ?? '');
      if (kind === 'at-most-once') {
        expect(server.effects.length).toBeLessThanOrEqual(1);
        if (outcome?.type === 'unknown') questions += 1;
        else expect([outcome?.type, server.effects.length]).toEqual(['success', 1]);
      } else {
        expect([kind, outcome?.type, server.effects.length], outcome?.reason).toEqual([kind, 'success', 1]);
      }
    }
    expect(kills).toBeGreaterThan(3);
    expect(questions).toBeLessThanOrEqual(Math.ceil(incidents / 10));

    if (process.env.CHARTER_CHAOS_INCIDENTS)
      process.stdout.write(`kills ${String(kills)}, questions ${String(questions)}\n`);
  },
  Math.max(200_000, incidents * 1_000),
);
