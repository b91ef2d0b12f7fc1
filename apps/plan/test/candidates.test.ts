import { describe, expect, test } from 'vitest';
import { candidatesFrom } from '../src/domain/candidates-from.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { analysis, noon, rootCause, scaleUp, situation, strategy, target, targetState, violation } from './fixtures.ts';

function candidates(change: Partial<Parameters<typeof candidatesFrom>[0]> = {}) {
  const around = situation();
  const { violations, patterns, rootCauses } = analysis();
  return candidatesFrom({ ...around, settings: defaultSettings, violations, patterns, rootCauses, ...change });
}

const only = (change: Partial<Parameters<typeof candidatesFrom>[0]>) => {
  const [candidate, ...more] = candidates(change);
  expect(more).toEqual([]);
  if (!candidate) throw new Error('no candidate');
  return candidate;
};

const act = (action: string, parameters: object = {}, rest: object = {}) =>
  only({ strategies: [strategy('s', [{ action, parameters, ...rest }])] });

describe('matching', () => {
  const matched = (match: object) => candidates({ strategies: [strategy('s', [scaleUp()], { match })] }).length === 1;

  test.each([
    [{ components: ['ord*'] }, true],
    [{ components: ['payments'] }, false],
    [{ classes: ['service'] }, true],
    [{ classes: ['store'] }, false],
    [{ metrics: ['satur*'] }, true],
    [{ metrics: ['memory'] }, false],
    [{ rules: ['*-latency'] }, true],
    [{ rules: ['other'] }, false],
    [{ patterns: ['temporal'] }, false],
    [{}, true],
    [{ components: [] }, false],
  ])('%j', (match, expected) => {
    expect(matched(match)).toBe(expected);
  });

  test('a pattern counts when the analysis saw it', () => {
    const patterns = [{ kind: 'temporal' as const, confidence: 0.9, components: ['orders'], description: 'burst' }];
    const strategies = [strategy('s', [scaleUp()], { match: { patterns: ['temporal'] } })];
    expect(candidates({ strategies, patterns })).toHaveLength(1);
  });
});

describe('the nine actions get absolute parameters from what the target has now', () => {
  test.each([
    ['SCALE_UP', { replicas: { scaleBy: 1.5 } }, { replicas: 5 }],
    ['SCALE_UP', { replicas: { add: 2 } }, { replicas: 5 }],
    ['SCALE_UP', { replicas: 900 }, { replicas: 20 }],
    ['SCALE_UP', { replicas: { scaleBy: 100 } }, { replicas: 20 }],
    ['SCALE_DOWN', { replicas: { scaleBy: 0.5 } }, { replicas: 1 }],
    ['SCALE_DOWN', { replicas: { add: -9 } }, { replicas: 1 }],
    ['RESTART_SERVICE', {}, {}],
    ['APPLY_POLICY', { version: 'v1' }, { version: 'v1' }],
    ['BYPASS_VALIDATION', { ttlSeconds: 60 }, { ttlSeconds: 60 }],
    ['THROTTLE_REQUESTS', { requestsPerSecond: { scaleBy: 0.5 } }, { requestsPerSecond: 200 }],
    ['ACTIVATE_EMERGENCY_OVERRIDE', { ttlSeconds: 300 }, { ttlSeconds: 300 }],
    ['REBALANCE_LOAD', { weights: { a: { scaleBy: 0.5 }, b: 1 } }, { weights: { a: 0.5, b: 1 } }],
    ['REBALANCE_LOAD', {}, {}],
    ['UPDATE_CONFIGURATION', { key: 'timeoutSeconds', value: { scaleBy: 3 } }, { key: 'timeoutSeconds', value: 6 }],
    ['UPDATE_CONFIGURATION', { retries: { add: 1 } }, { retries: 2 }],
  ])('%s %j', (action, parameters, expected) => {
    const candidate = act(action, parameters);
    expect(candidate.blockedBy).toBeNull();
    expect(candidate.actions[0]?.parameters).toEqual(expected);
  });

  test('the earlier value comes from before Charter last changed it', () => {
    const states = new Map([['orders', targetState('orders', { previousSpec: { policyVersion: 'v1' } })]]);
    const strategies = [strategy('s', [{ action: 'APPLY_POLICY', parameters: { version: { previous: true } } }])];
    expect(only({ states, strategies }).actions[0]?.parameters).toEqual({ version: 'v1' });
  });

  test.each([
    [
      'UPDATE_CONFIGURATION',
      { key: 'timeoutSeconds', value: { declared: true } },
      { key: 'timeoutSeconds', value: 2.5 },
    ],
    ['APPLY_POLICY', { version: { declared: true } }, { version: 'v1' }],
    ['THROTTLE_REQUESTS', { requestsPerSecond: { declared: true } }, { requestsPerSecond: 40 }],
  ])('%s restores what the pack declares', (action, parameters, expected) => {
    const declared = { requestsPerSecond: 40, timeoutSeconds: 2.5, policyVersion: 'v1' };
    const strategies = [strategy('s', [{ action, parameters }])];
    const candidate = only({ strategies, targets: new Map([['orders', target('orders', { declared })]]) });
    expect(candidate.actions[0]?.parameters).toEqual(expected);
    expect(act(action, parameters).blockedBy).toMatch(/the target declares no/);
  });

  test('a second action sees what the first will have changed', () => {
    const strategies = [strategy('s', [scaleUp({ id: 'one' }), scaleUp({ id: 'two', dependsOn: ['one'] })])];
    const { actions } = only({ strategies });
    expect(actions.map(({ parameters }) => parameters.replicas)).toEqual([6, 12]);
  });
});

describe('what cannot be carried out says why', () => {
  test.each([
    ['SCALE_UP', { replicas: 3 }, /cannot be raised/],
    ['SCALE_DOWN', { replicas: 3 }, /cannot be lowered/],
    ['SCALE_UP', {}, /no whole number of replicas/],
    ['SCALE_UP', { replicas: { previous: true } }, /no earlier value/],
    ['THROTTLE_REQUESTS', { requestsPerSecond: 0 }, /no limit above 0/],
    ['THROTTLE_REQUESTS', { burst: { scaleBy: 0.5 } }, /present value of burst is not known/],
    ['APPLY_POLICY', {}, /no policy version/],
    ['UPDATE_CONFIGURATION', {}, /no setting/],
    ['BYPASS_VALIDATION', {}, /ttlSeconds/],
    ['ACTIVATE_EMERGENCY_OVERRIDE', { ttlSeconds: 90_000 }, /ttlSeconds/],
  ])('%s %j', (action, parameters, reason) => {
    expect(act(action, parameters).blockedBy).toMatch(reason);
  });

  test.each([
    ['no target', { targets: new Map() }, /no such target/],
    ['no state', { states: new Map() }, /is not known/],
    [
      'an action it does not offer',
      { targets: new Map([['orders', target('orders', { actions: ['SCALE_DOWN'] })]]) },
      /does not offer SCALE_UP/,
    ],
    [
      'a cool-down',
      {
        states: new Map([
          [
            'orders',
            targetState('orders', { blockedUntil: '2026-03-01T12:05:00.000Z', blockedReason: 'breaker open' }),
          ],
        ]),
      },
      /rests until .*breaker open/,
    ],
    ['a holder', { states: new Map([['orders', targetState('orders', { holder: 'X1' })]]) }, /execution X1 holds/],
    [
      'settings that cannot be read',
      { states: new Map([['orders', targetState('orders', { spec: null })]]) },
      /cannot be read/,
    ],
  ])('%s', (_name, change, reason) => {
    expect(only(change).blockedBy).toMatch(reason);
  });

  test('a cool-down that is over blocks nothing', () => {
    const states = new Map([['orders', targetState('orders', { blockedUntil: '2026-03-01T11:59:59.000Z' })]]);
    expect(only({ states, now: noon }).blockedBy).toBeNull();
  });

  test('a hung service whose settings cannot be read may still be restarted', () => {
    const states = new Map([['orders', targetState('orders', { spec: null })]]);
    expect(only({ states, strategies: [strategy('s', [{ action: 'RESTART_SERVICE' }])] }).blockedBy).toBeNull();
  });

  test.each([
    [[scaleUp({ id: 'a', dependsOn: ['b'] }), scaleUp({ id: 'b', dependsOn: ['a'] })], /circle/],
    [[scaleUp({ id: 'a', dependsOn: ['z'] })], /does not have/],
    [[scaleUp({ id: 'a' }), scaleUp({ id: 'a' })], /same id/],
  ])('dependencies %#', (actions, reason) => {
    expect(only({ strategies: [strategy('s', actions)] }).blockedBy).toMatch(reason);
  });
});

test('actions come after what they depend on, otherwise as written', () => {
  const actions = [
    { id: 'check', action: 'RESTART_SERVICE', dependsOn: ['shift'] },
    { id: 'shift', action: 'REBALANCE_LOAD' },
    { id: 'cap', action: 'THROTTLE_REQUESTS', parameters: { requestsPerSecond: 10 } },
  ];
  const { actions: ordered } = only({ strategies: [strategy('s', actions)] });
  expect(ordered.map(({ id }) => id)).toEqual(['shift', 'check', 'cap']);
});

test('a strategy that does the same for two root causes is one candidate, for the likelier cause', () => {
  const rootCauses = [
    rootCause({ component: 'payments', confidence: 0.7 }),
    rootCause({ component: 'orders', confidence: 0.8 }),
  ];
  const strategies = [strategy('s', [scaleUp({ target: 'database' })])];
  expect(only({ rootCauses, strategies }).cause.component).toBe('orders');
});

describe('sizing from a utilization in the evidence', () => {
  const seen = (after: number, metric = 'saturation') =>
    rootCause({ metric, evidence: [{ series: 's', changedAt: null, before: 0.4, after, deviation: 9, text: 'up' }] });
  const replicasFor = (cause: ReturnType<typeof seen>, scaleBy = 1.1) =>
    only({ rootCauses: [cause], strategies: [strategy('s', [scaleUp({ parameters: { replicas: { scaleBy } } })])] })
      .actions[0]?.parameters.replicas;

  test('the model asks for more than the strategy guessed', () => {
    expect(replicasFor(seen(0.99))).toBe(6);
  });
  test('the strategy stays when it is enough', () => {
    expect(replicasFor(seen(0.5))).toBe(4);
  });
  test('a number that is no share of capacity is left alone', () => {
    expect(replicasFor(seen(12))).toBe(4);
    expect(replicasFor(seen(0.99, 'latency_p95'))).toBe(4);
  });
  test('a literal size is not second-guessed', () => {
    const strategies = [strategy('s', [scaleUp({ parameters: { replicas: 4 } })])];
    expect(only({ rootCauses: [seen(0.99)], strategies }).actions[0]?.parameters.replicas).toBe(4);
  });
});

test('violations that are not about the strategy keep it out', () => {
  const strategies = [strategy('s', [scaleUp()], { match: { rules: ['memory'] } })];
  expect(candidates({ strategies, violations: [violation({ rule: 'memory' })] })).toHaveLength(1);
  expect(candidates({ strategies, violations: [violation({ rule: 'latency' })] })).toHaveLength(0);
});
