import { isWindowOpen } from '@charter/shared/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { observeQuery, type Sample } from '../src/domain/observe-query.ts';
import { readingOf } from '../src/domain/reading.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { unseenSignal } from '../src/domain/step-signal.ts';
import { isGlobMatch } from '../src/domain/suppression.ts';
import type { WatchRule } from '../src/domain/watch.ts';
import { second, start, subject } from './domain-fixture.ts';

const rule: WatchRule = {
  name: 'errors',
  query: 'errors',
  matchers: null,
  component: null,
  componentLabel: 'component',
  metric: 'errors',
  comparator: '>',
  threshold: 10,
  resolveThreshold: null,
  forSeconds: 0,
  resolveForSeconds: 0,
  severity: 'warning',
  upstream: null,
  description: null,
};
const sample = (component: string, value: number, at = start): Sample => ({ labels: { component }, value, at });
const observe = (samples: readonly Sample[], active: string[] = [], fields: Partial<WatchRule> = {}) =>
  observeQuery(
    { ...rule, ...fields },
    { kind: 'vector', samples },
    active.map((component) => unseenSignal(subject(component).fingerprint, 'errors', component, 'errors')),
    { environment: 'test', settings: defaultSettings },
    start,
  );
const verdicts = (seen: ReturnType<typeof observe>) =>
  seen.observations.map((each) =>
    each.kind === 'measured' ? each.reading : each.kind === 'inconclusive' && each.reason,
  );

describe('the answer to a query', () => {
  test('is judged per component, by its worst series', () => {
    const seen = observe([sample('a', 5), sample('a', 11), sample('b', 3)]);
    expect(seen.observations).toMatchObject([
      { value: 11, reading: 'breach' },
      { value: 3, reading: 'clear' },
    ]);
    expect(seen.evaluation).toMatchObject({
      result: 'breach',
      value: 11,
      components: 2,
      breaching: 1,
      inconclusive: 0,
    });
    const below = observe([sample('a', 5), sample('a', 11)], [], { comparator: '<', threshold: 7 });
    expect(below.observations).toMatchObject([{ value: 5, reading: 'breach' }]);
  });

  test.for([
    ['NaN', Number.NaN, start, 'nan'],
    ['+Inf', Number.POSITIVE_INFINITY, start, 'infinite'],
    ['-Inf', Number.NEGATIVE_INFINITY, start, 'infinite'],
    ['an old sample', 99, start - 301 * second, 'stale'],
    ['a sample of a slow clock', 99, start - 61 * second, 'skewed'],
    ['a sample of a fast clock', 99, start + 61 * second, 'skewed'],
  ] as const)('%s is no evidence', ([, value, at, reason]) => {
    expect(verdicts(observe([sample('a', value, at)]))).toEqual([reason]);
    expect(observe([sample('a', value, at)]).evaluation).toMatchObject({ result: 'inconclusive', reason });
  });

  test('one series that cannot be judged spoils a clear reading, not a breach', () => {
    expect(verdicts(observe([sample('a', 1), sample('a', Number.NaN)]))).toEqual(['nan']);
    expect(verdicts(observe([sample('a', Number.NaN), sample('a', 1)]))).toEqual(['nan']);
    expect(verdicts(observe([sample('a', 11), sample('a', Number.NaN)]))).toEqual(['breach']);
  });

  test('without a component that was active before proves nothing of it', () => {
    expect(verdicts(observe([sample('a', 1)], ['a', 'b']))).toEqual(['clear', 'absent']);
    expect(verdicts(observe([], ['a', 'b']))).toEqual(['empty', 'empty']);
    expect(observe([]).evaluation).toMatchObject({ result: 'inconclusive', reason: 'empty' });
  });

  test('of a rule with a fixed component needs no label', () => {
    const seen = observe([{ labels: {}, value: 12, at: start }], [], { component: 'gateway' });
    expect(seen.observations).toMatchObject([{ subject: { component: 'gateway' }, reading: 'breach' }]);
  });
});

describe('a reading', () => {
  const comparators = fc.constantFrom('>', '>=', '<', '<=', '==', '!=');
  test('without a resolve threshold is never in between', () => {
    fc.assert(
      fc.property(
        comparators,
        fc.double({ noNaN: true }),
        fc.double({ noNaN: true }),
        (comparator, value, threshold) => {
          expect(readingOf(value, { comparator, threshold, resolveThreshold: null })).not.toBe('between');
        },
      ),
    );
  });
  test.for([
    ['>', 10, 'clear'],
    ['>=', 10, 'breach'],
    ['<', 10, 'clear'],
    ['<=', 10, 'breach'],
    ['==', 10, 'breach'],
    ['!=', 10, 'clear'],
  ] as const)('%s at its threshold', ([comparator, value, reading]) => {
    expect(readingOf(value, { comparator, threshold: 10, resolveThreshold: null })).toBe(reading);
  });
});

describe('a maintenance window', () => {
  const window = (fields: Record<string, unknown>) => ({
    apiVersion: 'charter/v1' as const,
    kind: 'Window' as const,
    metadata: { name: 'night' },
    type: 'maintenance' as const,
    targets: ['*'],
    ...fields,
  });
  const thursday = (clock: string) => Date.parse(`2026-01-01T${clock}:00Z`);

  test.for([
    ['22:00', '02:00', 'thu', '23:00', true],
    ['22:00', '02:00', 'wed', '01:59', true],
    ['22:00', '02:00', 'wed', '02:00', false],
    ['22:00', '02:00', 'thu', '01:00', false],
    ['09:00', '17:00', 'thu', '09:00', true],
    ['09:00', '17:00', 'thu', '17:00', false],
    ['09:00', '17:00', 'fri', '12:00', false],
  ] as const)('from %s to %s on %s is open on Thursday at %s: %s', ([from, until, day, clock, open]) => {
    expect(isWindowOpen(window({ weekly: { days: [day], start: from, end: until } }), thursday(clock))).toBe(open);
  });

  test('between two instants includes the first and not the last', () => {
    const once = window({ from: '2026-01-01T09:00:00Z', until: '2026-01-01T10:00:00Z' });
    expect(['08:59', '09:00', '09:59', '10:00'].map((clock) => isWindowOpen(once, thursday(clock)))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test.for([
    ['*', '', true],
    ['shop/*', 'shop/cart', true],
    ['shop/*', 'bank/cart', false],
    ['*cart', 'shop/cart', true],
    ['c?rt', 'cart', true],
    ['c?rt', 'crt', false],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-b-b', false],
    ['.*', 'x', false],
  ] as const)('%s names %s: %s', ([glob, text, fits]) => {
    expect(isGlobMatch(glob, text)).toBe(fits);
  });
});
