import { type ServiceName, type StreamedEntry, untilAtRest } from '@charter/launcher';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type RunningLoop, startLoop } from '../closed-loop/running-loop.ts';
import { healMs, healWhile } from './one-heal.ts';

/** Each service is killed at the moment its own part begins. `CHARTER_FULL=1` kills every one; otherwise the one that acts. */
const victims: ReadonlyArray<[ServiceName, StreamedEntry['event']]> = [
  ['execute', 'step-started'],
  ['analyze', 'incident-opened'],
  ['plan', 'analyzed'],
  ['monitor', 'incident-opened'],
  ['charter', 'planned'],
  ['orchestrator', 'execution-started'],
  ['knowledge', 'verifying'],
];
const isFull = process.env.CHARTER_FULL === '1';
const small = new Set<ServiceName>(['execute']);

let loop: RunningLoop;

beforeAll(async () => {
  loop = await startLoop({ singleProcess: false });
}, 300_000);

afterAll(() => loop.stop(), 60_000);

afterEach(() => untilAtRest(loop.installation, healMs), 2 * healMs);

/** The incident ended well, and its plan took effect once. */
function expectOneEffect({ outcome, effects }: Awaited<ReturnType<typeof healWhile>>): void {
  expect(outcome.type).toBe('success');
  expect(effects.map(({ action, component }) => ({ action, component }))).toEqual(
    outcome.actions.map(({ action, target }) => ({ action, component: target })),
  );
}

describe('SIGKILL during a heal', () => {
  test.each(victims.filter(([name]) => isFull || small.has(name)))(
    'of %s: the incident ends, with one effect',
    async (name, moment) => {
      const victim = loop.installation.process(name);
      const heal = await healWhile(loop, moment, () => victim?.kill('SIGKILL'));
      expect(victim?.status().restarts).toBeGreaterThan(0);
      expectOneEffect(heal);
    },
    3 * healMs,
  );
});

test(
  'Redis emptied during a heal: nothing is lost and no effect repeats',
  async () => {
    const heal = await healWhile(loop, 'analyzed', async () => {
      const redis = new Redis(loop.installation.stack.urls.redis);
      await redis.flushall();
      redis.disconnect();
    });
    expectOneEffect(heal);
  },
  3 * healMs,
);

test.runIf(isFull)(
  'Postgres restarted during a heal: the incident ends, with one effect',
  async () => {
    const heal = await healWhile(loop, 'planned', () => loop.installation.stack.restart('postgres'));
    expectOneEffect(heal);
  },
  3 * healMs,
);
