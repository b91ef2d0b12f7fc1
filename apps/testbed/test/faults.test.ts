import { describe, expect, test } from 'vitest';
import {
  ACTIONS,
  type Action,
  COMPONENTS,
  type ComponentName,
  createTestbed,
  FAULT_KINDS,
  FAULTS,
  type FaultKind,
  suggestedOrder,
  type Testbed,
} from '../src/model/index.ts';

const night = 0;
const peak = 56_000;
/** The weakest fault at the quietest hour is hardest to see, the strongest at the busiest hardest to heal. */
const corners = [
  { intensity: 0.6, time: night },
  { intensity: 1, time: peak },
];
const cases = FAULT_KINDS.flatMap((kind) => FAULTS[kind].components.map((component) => ({ kind, component })));

function running(startOfDaySeconds: number): Testbed {
  const testbed = createTestbed({ seed: 11, startOfDaySeconds });
  testbed.advance(20);
  return testbed;
}

function strike(
  testbed: Testbed,
  kind: FaultKind,
  component: ComponentName,
  intensity: number,
  durationSeconds: number,
) {
  const fault = testbed.injectFault({ kind, component, intensity, durationSeconds });
  if ('refused' in fault) throw new Error(fault.detail);
  return fault;
}

/** Seconds until the component is unhealthy or healthy; NaN when it never is. */
function secondsUntil(testbed: Testbed, component: ComponentName, healthy: boolean, within: number): number {
  for (let seconds = 0.5; seconds <= within; seconds += 0.5) {
    testbed.advance(0.5);
    if (testbed.state()[component].healthy === healthy) return seconds;
  }
  return Number.NaN;
}

const unhealthy = (testbed: Testbed): string[] => {
  const state = testbed.state();
  return COMPONENTS.filter((name) => !state[name].healthy).map((name) => `${name}: ${state[name].missed.join(' ')}`);
};

describe('a fault of intensity 0.6 or more', () => {
  test.each(cases)('$kind breaks the objective of $component within 8 s and keeps it broken', ({ kind, component }) => {
    for (const { intensity, time } of corners) {
      const testbed = running(time);
      strike(testbed, kind, component, intensity, 60);
      expect(secondsUntil(testbed, component, false, 8)).toBeLessThanOrEqual(8);
      testbed.advance(2);
      let broken = 0;
      for (let sample = 0; sample < 20; sample += 1) {
        testbed.advance(2);
        if (!testbed.state()[component].healthy) broken += 1;
      }
      expect(broken / 20, `${kind} on ${component} at ${String(intensity)}`).toBeGreaterThan(0.85);
    }
  });

  test.each(cases)('$kind on $component ends by itself and leaves the former specification', ({ kind, component }) => {
    const testbed = running(peak);
    const before = testbed.state()[component].spec;
    strike(testbed, kind, component, 0.8, 20);
    testbed.advance(40);
    expect(testbed.faults()).toEqual([]);
    expect(unhealthy(testbed)).toEqual([]);
    expect(testbed.state()[component].spec).toEqual(before);
  });
});

const remedies = cases.flatMap(({ kind, component }) =>
  ACTIONS.flatMap((action) => {
    const remedy = FAULTS[kind].remedies[action];
    return remedy ? [{ kind, component, action, remedy }] : [];
  }),
);

describe('a documented remedy', () => {
  test.each(remedies)('$action $remedy $kind on $component within 10 s', ({ kind, component, action, remedy }) => {
    for (const { intensity, time } of corners) {
      const testbed = running(time);
      strike(testbed, kind, component, intensity, 200);
      testbed.advance(12);
      const done = testbed.actuate(component, suggestedOrder(action, kind, component));
      expect(done).toMatchObject({ action });
      expect(testbed.faults()).toHaveLength(remedy === 'clears' ? 0 : 1);
      testbed.advance(10);
      for (let second = 0; second < 30; second += 2) {
        expect(testbed.state()[component].missed, `second ${String(second)} after healing`).toEqual([]);
        testbed.advance(2);
      }
      expect(unhealthy(testbed)).toEqual([]);
    }
  });

  test('covers with its kind every action of the domain, and exactly one kind has none', () => {
    const covered = new Set(FAULT_KINDS.flatMap((kind) => Object.keys(FAULTS[kind].remedies)));
    expect([...covered].sort()).toEqual([...ACTIONS].sort());
    expect(FAULT_KINDS.filter((kind) => Object.keys(FAULTS[kind].remedies).length === 0)).toEqual(['external_outage']);
  });

  test('is needed: no action helps against an outage outside the system', () => {
    const kinds: Record<Action, FaultKind> = {
      SCALE_UP: 'traffic_surge',
      SCALE_DOWN: 'over_provisioning',
      RESTART_SERVICE: 'crash',
      APPLY_POLICY: 'error_burst',
      BYPASS_VALIDATION: 'error_burst',
      THROTTLE_REQUESTS: 'traffic_surge',
      ACTIVATE_EMERGENCY_OVERRIDE: 'latency',
      REBALANCE_LOAD: 'noisy_neighbor',
      UPDATE_CONFIGURATION: 'bad_configuration',
    };
    for (const action of ACTIONS) {
      const testbed = running(peak);
      strike(testbed, 'external_outage', 'payments', 0.8, 120);
      testbed.advance(10);
      testbed.actuate('payments', suggestedOrder(action, kinds[action], 'payments'));
      testbed.advance(20);
      expect(testbed.state().payments.missed, action).toContain('errorRatio');
    }
  });

  test('of the wrong kind leaves a fault open', () => {
    const testbed = running(peak);
    strike(testbed, 'bad_configuration', 'orders', 0.8, 200);
    testbed.advance(10);
    testbed.actuate('orders', { actuator: 'restart' });
    testbed.advance(15);
    expect(testbed.faults()).toHaveLength(1);
    expect(testbed.state().orders.healthy).toBe(false);
  });
});

describe('a fault order', () => {
  test('is refused where its kind does not strike, when it is open already, and with numbers out of range', () => {
    const testbed = running(night);
    const order = { kind: 'dependency_slowdown', component: 'gateway', intensity: 0.5, durationSeconds: 10 } as const;
    expect(testbed.injectFault(order)).toMatchObject({ refused: 'not-applicable' });
    strike(testbed, 'crash', 'cache', 0.5, 10);
    expect(testbed.injectFault({ ...order, kind: 'crash', component: 'cache' })).toMatchObject({
      refused: 'already-open',
    });
    expect(testbed.injectFault({ ...order, component: 'database', intensity: 1.5 })).toMatchObject({
      refused: 'invalid-parameters',
    });
  });
});
