import { untilAtRest } from '@charter/launcher';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { healMs, type Outcome, type RunningLoop, startLoop } from './running-loop.ts';

let loop: RunningLoop;
const open: string[] = [];

beforeAll(async () => {
  loop = await startLoop();
}, 180_000);

afterAll(() => loop.stop(), 60_000);

afterEach(async () => {
  for (const fault of open.splice(0)) await loop.repair(fault);
  await untilAtRest(loop.installation, healMs);
}, 120_000);

async function executedSince(before: readonly Outcome[]): Promise<Outcome[]> {
  const known = new Set(before.map(({ id }) => id));
  return (await loop.outcomes()).filter(({ id, executed }) => executed && !known.has(id));
}

describe('each kind of fault that has a remedy', () => {
  test.each<[string, string, string[]]>([
    ['memory_leak', 'orders', ['RESTART_SERVICE']],
    ['crash', 'payments', ['RESTART_SERVICE']],
    ['noisy_neighbor', 'catalog', ['REBALANCE_LOAD']],
    ['bad_configuration', 'orders', ['UPDATE_CONFIGURATION']],
    ['error_burst', 'catalog', ['APPLY_POLICY']],
    ['lost_replica', 'database', ['SCALE_UP', 'RESTART_SERVICE']],
    ['over_provisioning', 'catalog', ['SCALE_DOWN']],
    ['latency', 'payments', ['SCALE_UP', 'ACTIVATE_EMERGENCY_OVERRIDE']],
    ['dependency_slowdown', 'database', ['UPDATE_CONFIGURATION', 'ACTIVATE_EMERGENCY_OVERRIDE']],
    ['traffic_surge', 'catalog', ['SCALE_UP', 'THROTTLE_REQUESTS']],
  ])(
    '%s of %s is healed',
    async (kind, component, remedies) => {
      const before = await loop.outcomes();
      open.push(await loop.break({ kind, component, intensity: 0.8, durationSeconds: 600 }));
      const healing = async () =>
        (await executedSince(before)).find(
          ({ type, actions }) => type === 'success' && actions.some(({ target }) => target === component),
        );
      await expect.poll(healing, { timeout: healMs, interval: 250 }).toBeDefined();
      const healed = await healing();
      expect(remedies).toContain(healed?.actions[0]?.action);
      await expect
        .poll(async () => (await loop.components())[component]?.healthy, { timeout: healMs, interval: 250 })
        .toBe(true);
      const effects = await loop.effects();
      expect(new Set(effects.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(effects.length);
    },
    3 * healMs,
  );
});

test(
  'the kind that nothing helps against ends in the null plan, explained',
  async () => {
    const before = await loop.outcomes();
    open.push(
      await loop.break({ kind: 'external_outage', component: 'payments', intensity: 0.9, durationSeconds: 600 }),
    );
    const ended = async () => (await loop.outcomes()).filter(({ id }) => !before.some((known) => known.id === id));
    await expect
      .poll(async () => (await ended()).map(({ disposition }) => disposition), { timeout: healMs, interval: 250 })
      .toContain('null-plan');
    const nothing = (await ended()).find(({ disposition }) => disposition === 'null-plan');
    expect(nothing).toMatchObject({ executed: false, actions: [] });
    expect(nothing?.reason.length).toBeGreaterThan(20);
  },
  2 * healMs,
);
