import { Rule } from '@charter/shared/contracts';
import { describe, expect, test } from 'vitest';
import { type Attempt, restsUntil } from '../src/domain/attempt.ts';
import type { PastChange } from '../src/domain/conflicts.ts';
import { propose } from '../src/domain/propose.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { brakeAfter, released } from '../src/domain/storm-brake.ts';
import { analysis, noon, rootCause, scaleUp, situation, strategy, violation } from './fixtures.ts';

const plan = (change: Parameters<typeof situation>[0] = {}) => propose(situation(change), defaultSettings);
const silenced = violation({ suppressed: { by: 'silence', reference: 'deploy' } });
const noisy = Rule.parse({
  apiVersion: 'charter/v1',
  kind: 'Rule',
  metadata: { name: 'orders-latency' },
  query: 'x',
  metric: 'latency_p95',
  threshold: 1,
  noisy: true,
});
const attempt = (change: Partial<Attempt> = {}): Attempt => ({
  planId: 'P1',
  strategy: 'add-capacity',
  component: 'orders',
  status: 'executed',
  executionState: 'completed',
  outcome: 'ineffective',
  endedAt: noon,
  ...change,
});

describe('nothing is done, and the reason stands on every candidate, when', () => {
  test.each([
    ['all violations are silenced', { analysis: analysis({ violations: [silenced] }) }, 'suppressed', /silence deploy/],
    [
      'there is no root cause',
      { analysis: analysis({ verdict: 'undetermined' as const }) },
      'undetermined',
      /no root cause/,
    ],
    [
      'the root cause is too uncertain',
      { analysis: analysis({ rootCauses: [rootCause({ confidence: 0.59 })] }) },
      'unsure',
      /only 59 % certain/,
    ],
    ['too much is unhealthy at once', { brake: { since: noon, calmSince: null } }, 'storm', /unhealthy at once/],
    ['a noisy rule spoke up once', { rules: new Map([['orders-latency', noisy]]) }, 'noisy', /1 of the 3/],
    [
      'an earlier plan ended unknown',
      { attempts: [attempt({ outcome: 'unknown' })] },
      'uncertain',
      /a person is asked/,
    ],
  ])('%s', (_name, change, code, reason) => {
    const { restraint, running, ranked } = plan(change);
    expect(restraint?.code).toBe(code);
    expect(running).toEqual([]);
    for (const { candidate, blockedBy } of ranked) if (candidate) expect(blockedBy).toMatch(reason);
  });

  test.each([
    ['one of two violations is not silenced', { analysis: analysis({ violations: [silenced, violation()] }) }],
    [
      'a noisy rule speaks in a burst of three',
      {
        rules: new Map([['orders-latency', noisy]]),
        analysis: analysis({ violations: [violation(), violation(), violation()] }),
      },
    ],
    [
      'a second rule that is not noisy agrees',
      {
        rules: new Map([['orders-latency', noisy]]),
        analysis: analysis({ violations: [violation(), violation({ rule: 'errors' })] }),
      },
    ],
    ['the root cause is just certain enough', { analysis: analysis({ rootCauses: [rootCause({ confidence: 0.8 })] }) }],
  ])('but not when %s', (_name, change) => {
    expect(plan(change).restraint).toBeNull();
    expect(plan(change).running).toHaveLength(1);
  });
});

test('a second root cause below the least confidence gets no plan beside a certain one', () => {
  const rootCauses = [rootCause({ confidence: 0.9 }), rootCause({ component: 'payments', confidence: 0.59 })];
  const { running, ranked } = plan({ analysis: analysis({ rootCauses }) });
  expect(running.map(({ candidate }) => candidate.cause.component)).toEqual(['orders']);
  expect(ranked.find(({ candidate }) => candidate?.cause.component === 'payments')?.blockedBy).toMatch(/59 % certain/);
});

describe('the ladder', () => {
  const strategies = [
    strategy('add-capacity', [scaleUp()], { rung: 0 }),
    strategy('restart', [{ action: 'RESTART_SERVICE' }], { rung: 1 }),
  ];
  const next = (...attempts: Attempt[]) => plan({ strategies, attempts }).running[0]?.candidate.strategy ?? null;

  test.each([
    ['nothing was tried', [], 'add-capacity'],
    ['the first was ineffective', [attempt()], 'restart'],
    ['the first made it worse', [attempt({ outcome: 'degradation' })], 'restart'],
    ['the first failed half way', [attempt({ executionState: 'rolled_back', outcome: 'partial' })], 'restart'],
    [
      'a person rejected the first',
      [attempt({ status: 'rejected', executionState: null, outcome: 'unknown' })],
      'restart',
    ],
    [
      'nobody approved the first',
      [attempt({ status: 'expired', executionState: null, outcome: 'unknown' })],
      'restart',
    ],
    ['the first helped in part', [attempt({ outcome: 'partial' })], 'add-capacity'],
    ['the first helped in part three times', [1, 2, 3].map(() => attempt({ outcome: 'partial' })), 'restart'],
    [
      'the first was refused before it acted',
      [attempt({ status: 'refused', executionState: 'failed', outcome: 'unknown' })],
      'add-capacity',
    ],
    ['it was ineffective on another component', [attempt({ component: 'payments' })], 'add-capacity'],
    ['all rungs are used up', [attempt(), attempt({ strategy: 'restart' })], null],
  ])('when %s the next is %s', (_name, attempts, expected) => {
    expect(next(...attempts)).toBe(expected);
  });
});

describe('after a plan ended the incident is left alone', () => {
  test.each([
    ['until its recovery is noticed', attempt({ outcome: 'success' }), '2026-03-01T12:00:30.000Z'],
    [
      'for a moment when execute refused it',
      attempt({ status: 'refused', outcome: 'unknown' }),
      '2026-03-01T12:00:10.000Z',
    ],
    ['not at all when it did not help', attempt({ outcome: 'ineffective' }), null],
    ['not at all when it helped in part', attempt({ outcome: 'partial' }), null],
  ])('%s', (_name, ended, until) => {
    expect(restsUntil([attempt(), ended], defaultSettings)).toBe(until);
  });
});

describe('plans that meet', () => {
  const past = (sign: 1 | -1, at: string, planId: string): PastChange => ({
    target: 'orders',
    resource: 'replicas',
    sign,
    value: '3',
    planId,
    incidentId: `I${planId}`,
    strategy: sign > 0 ? 'add-capacity' : 'save-money',
    at,
  });
  const open = {
    planId: 'P9',
    incidentId: 'I9',
    strategy: 'save-money',
    targets: ['orders'],
    changes: [{ target: 'orders', resource: 'replicas', sign: -1 as const, value: '1' }],
  };

  test('one change is in flight per target, and an opposing one is a conflict', () => {
    const { ranked, running, conflicts } = plan({ open: [open] });
    expect(running).toEqual([]);
    expect(ranked.find(({ candidate }) => candidate)?.blockedBy).toMatch(/one change in flight.*P9.*I9/);
    expect(conflicts).toEqual([expect.objectContaining({ kind: 'opposing', target: 'orders', resource: 'replicas' })]);
  });

  test('two plans that set the same to different values do not commute', () => {
    const changes = [{ target: 'orders', resource: 'replicas', sign: 1 as const, value: '9' }];
    expect(plan({ open: [{ ...open, changes }] }).conflicts[0]?.kind).toBe('non-commuting');
  });

  test('the same wish twice waits without a conflict', () => {
    const changes = [{ target: 'orders', resource: 'replicas', sign: 1 as const, value: '6' }];
    const { running, conflicts } = plan({ open: [{ ...open, changes }] });
    expect(running).toEqual([]);
    expect(conflicts).toEqual([]);
  });

  test('a plan on another target is no obstacle', () => {
    expect(plan({ open: [{ ...open, targets: ['payments'], changes: [] }] }).running).toHaveLength(1);
  });

  test('a resource that would turn around twice within the window is frozen', () => {
    const flipping = [past(1, '2026-03-01T11:52:00.000Z', 'A'), past(-1, '2026-03-01T11:56:00.000Z', 'B')];
    const { running, conflicts } = plan({ past: flipping });
    expect(running).toEqual([]);
    expect(conflicts).toEqual([
      expect.objectContaining({ kind: 'oscillation', planIds: ['A', 'B'], strategies: ['add-capacity', 'save-money'] }),
    ]);
  });

  test.each([
    ['turning around once', [past(-1, '2026-03-01T11:56:00.000Z', 'B')]],
    ['growing again and again', [past(1, '2026-03-01T11:52:00.000Z', 'A'), past(1, '2026-03-01T11:56:00.000Z', 'B')]],
    [
      'what is older than the window',
      [past(1, '2026-03-01T11:30:00.000Z', 'A'), past(-1, '2026-03-01T11:40:00.000Z', 'B')],
    ],
  ])('%s is no oscillation', (_name, changes) => {
    expect(plan({ past: changes }).running).toHaveLength(1);
  });

  test('a frozen resource stays as it is until the freeze is over', () => {
    const freeze = { target: 'orders', resource: 'replicas', until: '2026-03-01T12:05:00.000Z', conflictId: 'C1' };
    expect(plan({ frozen: [freeze] }).running).toEqual([]);
    expect(plan({ frozen: [{ ...freeze, until: noon }] }).running).toHaveLength(1);
    expect(plan({ frozen: [{ ...freeze, resource: 'weights' }] }).running).toHaveLength(1);
  });

  test('a candidate nobody would choose opens no conflict', () => {
    const strategies = [strategy('dear', [scaleUp({ cost: 0.9 })])];
    expect(plan({ strategies, open: [open] }).conflicts).toEqual([]);
  });
});

describe('the storm brake', () => {
  const after = (brake: typeof released, unhealthy: number, at = noon) =>
    brakeAfter(brake, { unhealthy, targets: 6 }, at, defaultSettings);

  test.each([
    [4, false],
    [5, true],
    [6, true],
  ])('with %i of 6 unhealthy: %s', (unhealthy, braked) => {
    expect(after(released, unhealthy).since !== null).toBe(braked);
  });

  test('one cause in a large system does not set it', () => {
    expect(brakeAfter(released, { unhealthy: 4, targets: 100 }, noon, defaultSettings)).toEqual(released);
  });

  test('is released only after the cool-down, and a relapse starts that over', () => {
    const storm = after(released, 5);
    const calm = after(storm, 1, '2026-03-01T12:01:00.000Z');
    expect(calm.since).toBe(noon);
    expect(after(calm, 1, '2026-03-01T12:01:29.000Z').since).toBe(noon);
    expect(after(calm, 1, '2026-03-01T12:01:30.000Z')).toEqual(released);
    const relapse = after(calm, 5, '2026-03-01T12:01:20.000Z');
    expect(after(relapse, 1, '2026-03-01T12:01:40.000Z').since).toBe(noon);
  });
});
