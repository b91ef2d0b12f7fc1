import { describe, expect, test } from 'vitest';
import { instantOfUlid } from '../src/domain/instant-of-ulid.ts';
import { isRelapse } from '../src/domain/is-relapse.ts';
import { lessonFrom } from '../src/domain/lesson-from.ts';
import { outcomeFromReport } from '../src/domain/outcome-report.ts';
import { patternsFrom } from '../src/domain/pattern-from.ts';
import { recommendationFrom } from '../src/domain/recommendation-from.ts';
import { standingFrom } from '../src/domain/statistics-from.ts';
import { trialsOf } from '../src/domain/trials-of.ts';
import { leftAlone, outcomeOf } from './fixtures.ts';
import { at, halfLife, observe, scaleUp, tallied, times } from './tallied.ts';

describe('what an outcome teaches', () => {
  test('is one trial for each action and one for the strategy', () => {
    const [action, strategy] = trialsOf(outcomeOf({ at }));
    expect(action).toMatchObject({ key: { kind: 'action', action: 'RESTART_SERVICE' }, trial: { success: 1 } });
    expect(strategy).toMatchObject({ key: { kind: 'strategy', strategy: 'restart-cache' } });
  });

  test('is nothing when it cannot be told', () => {
    expect(trialsOf(outcomeOf({ type: 'unknown' }))).toEqual([]);
  });

  test('is about self-recovery alone when nothing was done', () => {
    expect(trialsOf(leftAlone({ at }))).toMatchObject([
      { key: { kind: 'recovery', rootCause: 'latency_p95_seconds', action: '' }, trial: { success: 1 } },
    ]);
  });

  test.each([
    ['success', 1, false],
    ['partial', 0.5, false],
    ['ineffective', 0, false],
    ['degradation', 0, true],
  ] as const)('of type %s is a success of %d, harm %s', (type, success, harm) => {
    expect(trialsOf(outcomeOf({ type }))[0]?.trial).toMatchObject({ success, harm });
  });

  test('weighs less when untreated peers recovered as well', () => {
    expect(trialsOf(outcomeOf({ attribution: 0.2 })).map(({ trial }) => trial.weight)).toEqual([0.2, 0.2]);
    expect(trialsOf(outcomeOf({ attribution: null }))[0]?.trial).not.toHaveProperty('weight');
  });

  test('can be read as a sentence', () => {
    const outcome = outcomeOf({ at });
    const learned = tallied([...times(3), outcome]);
    expect(lessonFrom(outcome, learned)).toMatch(
      /^RESTART_SERVICE on cache resolved latency_p95_seconds of cache in 6\.5 s\. .* 83 % after 4 trials \(90 % interval 55 % to 99 %\)\.$/,
    );
    expect(lessonFrom(leftAlone({ type: 'ineffective' }), [])).toBe(
      'latency_p95_seconds of cache did not recover by itself.',
    );
    expect(lessonFrom(outcomeOf({ type: 'unknown' }), [])).toContain('nothing is learned');
  });
});

describe('a recommendation', () => {
  const tallies = tallied([
    ...times(9),
    ...times(1, { type: 'ineffective' }),
    ...times(3, scaleUp()),
    ...times(7, { ...scaleUp(), type: 'ineffective' }),
    ...Array.from({ length: 4 }, () => leftAlone({ at, type: 'ineffective' })),
  ]);
  const asked = { rootCause: 'latency_p95_seconds', component: null };

  test('puts what helped most first and says why', () => {
    const { best, actions, reason, selfRecovery } = recommendationFrom(tallies, asked, observe, halfLife);
    expect(best).toMatchObject({ action: 'RESTART_SERVICE', strategy: null, trials: 10 });
    expect(actions.map(({ action, strategy }) => `${action} ${strategy}`)).toEqual([
      'RESTART_SERVICE null',
      'RESTART_SERVICE restart-cache',
      'SCALE_UP null',
      'SCALE_UP scale-cache',
    ]);
    expect(reason).toMatch(/^RESTART_SERVICE on service helped in \d+ % of 10 trials.*before SCALE_UP.*of 4 cases\.$/);
    expect(selfRecovery).toMatchObject({ trials: 4 });
    expect(selfRecovery.mean).toBeLessThan(0.3);
  });

  test('does not rank one lucky trial above a long record', () => {
    const lucky = tallied([...times(18), ...times(2, { type: 'ineffective' }), ...times(1, scaleUp())]);
    expect(recommendationFrom(lucky, asked, observe, halfLife).best?.action).toBe('RESTART_SERVICE');
  });

  test('for a component starts from its class and follows its own record', () => {
    const mixed = tallied([
      ...times(20, scaleUp('orders')),
      ...times(10, { ...scaleUp('cache'), type: 'ineffective' }),
    ]);
    const meanFor = (component: string | null) =>
      recommendationFrom(mixed, { ...asked, component }, observe, halfLife).best?.mean ?? Number.NaN;
    expect(meanFor('cache')).toBeLessThan(0.5);
    expect(meanFor('search')).toBeCloseTo(meanFor(null), 1);
    expect(meanFor('orders')).toBeGreaterThan(0.65);
  });

  test('follows a change within three failures and says what no longer works', () => {
    const later = (day: number) => ({ at: `2026-06-${String(day).padStart(2, '0')}T00:00:00.000Z` });
    const before = [
      ...times(30, scaleUp('cache')),
      ...times(30, scaleUp('orders')),
      ...times(6),
      ...times(4, { type: 'ineffective' }),
    ];
    const broken = [2, 3, 4].flatMap((day) => times(1, { ...scaleUp('orders'), type: 'ineffective', ...later(day) }));
    const recommended = (outcomes: Parameters<typeof tallied>[0], component: string | null) =>
      recommendationFrom(tallied(outcomes), { ...asked, component }, observe, halfLife);
    expect(recommended(before, 'cache').best?.action).toBe('SCALE_UP');
    for (const component of [null, 'orders', 'cache']) {
      const { best, actions, reason } = recommended([...before, ...broken], component);
      expect(best?.action).toBe('RESTART_SERVICE');
      expect(actions.find(({ action }) => action === 'SCALE_UP')?.mean).toBeLessThan(0.5);
      expect(reason).toMatch(
        /SCALE_UP on service does not work as it did: .*helped in 100 % of cases until 2026-06-02T.*, and in 0 % of 3 trials since\.$/,
      );
    }
  });

  test('doubts an action that stopped working against other causes', () => {
    const other = { rootCause: { component: 'cache', metric: 'error_rate', confidence: 0.9 } };
    const known = [...times(20, scaleUp()), ...times(40, { ...scaleUp(), ...other })];
    const broken = times(4, { ...scaleUp(), ...other, type: 'ineffective', at: '2026-06-02T00:00:00.000Z' });
    const meanOf = (outcomes: Parameters<typeof tallied>[0]) =>
      recommendationFrom(tallied(outcomes), asked, observe, halfLife).best?.mean ?? Number.NaN;
    expect(meanOf(known)).toBeGreaterThan(0.9);
    expect(meanOf([...known, ...broken])).toBeLessThan(0.5);
  });

  test('without any trial says so', () => {
    const { best, actions, reason } = recommendationFrom([], asked, observe, halfLife);
    expect(best).toBeNull();
    expect(actions).toEqual([]);
    expect(reason).toContain('Nothing was tried');
  });
});

describe('patterns', () => {
  test('hold times to effect and side effects, one best action a root cause', () => {
    const worse = {
      role: 'neighbor' as const,
      rule: 'errors',
      component: 'orders',
      metric: 'error_rate',
      before: 0,
      after: 1,
      threshold: 0.1,
      resolved: false,
    };
    const [first, second] = patternsFrom(
      tallied([...times(6), ...times(2, { evidence: [worse] }), ...times(4, { ...scaleUp(), type: 'partial' })]),
      observe,
      halfLife,
    );
    expect(first).toMatchObject({ action: 'RESTART_SERVICE', best: true, trials: 8 });
    expect(first?.sideEffects).toBeCloseTo(0.25, 6);
    expect(first?.timeToEffect.p50).toBeGreaterThan(5);
    expect(first?.timeToEffect.p50).toBeLessThanOrEqual(8);
    expect(second).toMatchObject({ action: 'SCALE_UP', best: false });
  });
});

describe('statistics', () => {
  const row = (type: string, executed: boolean, count: number) => ({
    name: '',
    type,
    executed,
    count,
    timed: 0,
    seconds: 0,
    prompt: 0,
    corrected: 0,
  });

  test('leave out what cannot be told', () => {
    const standing = standingFrom([
      row('success', true, 6),
      row('partial', true, 2),
      row('degradation', true, 2),
      row('unknown', true, 90),
      row('success', false, 1),
      row('ineffective', false, 3),
    ]);
    expect(standing).toMatchObject({
      outcomes: 104,
      effectiveness: 0.7,
      recovery: 0.6,
      harmPerThousand: 200,
      selfRecovery: 0.25,
    });
  });

  test('say nothing rather than zero when there is nothing', () => {
    expect(standingFrom([])).toMatchObject({ effectiveness: null, selfRecovery: null, meanSecondsToStabilize: null });
  });
});

describe('a report by a person', () => {
  const fresh = { id: outcomeOf().id, planId: outcomeOf().planId, environment: 'test', now: at };

  test('changes only what it names', () => {
    const known = outcomeOf();
    const corrected = outcomeFromReport({ type: 'ineffective', id: known.id }, known, fresh);
    expect(corrected).toEqual({ ...known, type: 'ineffective', at });
  });

  test('of something new needs an incident and a component', () => {
    expect(() => outcomeFromReport({ type: 'success' }, null, fresh)).toThrow(/incidentId and component/);
  });
});

describe('a relapse', () => {
  const settings = { relapseFactor: 10, relapseSeconds: 1_800 };
  const isBackAfter = (seconds: number, timeToStabilizeSeconds: number | null) =>
    isRelapse({ at, timeToStabilizeSeconds }, new Date(Date.parse(at) + seconds * 1_000), settings);

  test.each([
    [5, 49, true],
    [5, 51, false],
    [120, 1_100, true],
    [600, 1_801, false],
    [null, 29, true],
    [null, 31, false],
  ])('of what took %s s to heal is seen %i s later: %s', (took, later, expected) => {
    expect(isBackAfter(later, took)).toBe(expected);
  });
});

test('the id of an incident says when it opened', () => {
  expect(instantOfUlid('01ARZ3NDEKTSV4RRFFQ69G5FAV').toISOString()).toBe('2016-07-30T23:54:10.259Z');
});
