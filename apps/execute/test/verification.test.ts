import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reading } from '../src/domain/reading.ts';
import type { Sample } from '../src/domain/samples.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import { judge } from '../src/domain/verification.ts';
import { planFrom, violated } from './drafts.ts';

const margins = defaultSettings.verification;
const value = (number: number): Reading => ({ kind: 'value', value: number });
const neighbor = violated({ role: 'neighbor', component: 'api', metric: 'error_ratio', threshold: 0.05, before: 0.01 });

/** Readings of one moment each, a second apart, in a window of ten seconds. */
function judged(
  moments: Reading[][],
  options: { signals?: ReturnType<typeof violated>[]; at?: number; baseline?: Reading[] } = {},
) {
  const { verification } = planFrom({
    actions: [],
    verification: { signals: options.signals ?? [violated()], intervalSeconds: 1, windowSeconds: 10 },
  });
  const samples: Sample[] = moments.map((readings, index) => ({ atMs: index * 1_000, readings }));
  const facts = { verification, baseline: options.baseline ?? null, samples, fromMs: 0 };
  return judge(facts, options.at ?? 10_000, margins);
}
const series = (...numbers: number[]): Reading[][] => numbers.map((number) => [value(number)]);

describe('verification of a violation of 2 above a threshold of 1', () => {
  test.each([
    ['gone', series(0.5, 0.5, 0.5), 'success'],
    ['down by more than half', series(1.3, 1.3, 1.3), 'partial'],
    ['down by exactly half', series(1.5, 1.5, 1.5), 'partial'],
    ['down by less than half', series(1.6, 1.6, 1.6), 'ineffective'],
    ['unchanged', series(2, 2, 2), 'ineffective'],
    ['a little higher', series(2.1, 2.1, 2.1), 'ineffective'],
    ['much higher', series(3, 3, 3), 'degradation'],
    ['much higher in two of three samples', series(3, 3, 2), 'ineffective'],
    ['back in only two of three samples', series(0.5, 0.5, 1.2), 'partial'],
    ['without data in the last sample', [...series(0.5, 0.5), [{ kind: 'missing', reason: 'empty' }]], 'unknown'],
    ['not a number in the last sample', series(0.5, 0.5, Number.NaN), 'unknown'],
  ] as [string, Reading[][], string][])('%s is told as it is', (_, moments, type) => {
    expect(judged(moments)?.type).toBe(type);
  });

  test('two samples are never enough, however clear', () => {
    expect(judged(series(0.1, 0.1))).toBeNull();
  });
  test('clearly and stably resolved ends before the window does', () => {
    expect(judged(series(1.8, 0.5, 0.5, 0.5), { at: 3_000 })).toMatchObject({ type: 'success', stableAtMs: 1_000 });
  });
  test('resolved with no room to spare waits for the window', () => {
    expect(judged(series(0.99, 0.99, 0.99), { at: 3_000 })).toBeNull();
    expect(judged(series(0.99, 0.99, 0.99))?.type).toBe('success');
  });
  test('worse is never told early: a fault may still grow into its window', () => {
    expect(judged(series(3, 3, 3), { at: 3_000 })).toBeNull();
  });
  test('worse is measured from what was there just before the act', () => {
    expect(judged(series(5, 5, 5), { baseline: [value(5)] })?.type).toBe('ineffective');
  });
  test('below a lower limit it works the other way round', () => {
    const signals = [violated({ comparator: '<', threshold: 10, before: 4 })];
    expect(judged(series(12, 12, 12), { signals })?.type).toBe('success');
    expect(judged(series(8, 8, 8), { signals })?.type).toBe('partial');
    expect(judged(series(1, 1, 1), { signals })?.type).toBe('degradation');
  });
  test('an alert without a value is resolved or not', () => {
    const signals = [violated({ query: null, threshold: null, before: null })];
    const firing = (isFiring: boolean): Reading[][] =>
      Array.from({ length: 3 }, () => [{ kind: 'state', firing: isFiring }]);
    expect(judged(firing(false), { signals })?.type).toBe('success');
    expect(judged(firing(true), { signals })?.type).toBe('ineffective');
  });
  test('of two violated signals both must be gone, and half is partial', () => {
    const signals = [violated(), violated({ rule: 'errors' })];
    const both = (a: number, b: number): Reading[][] => Array.from({ length: 3 }, () => [value(a), value(b)]);
    expect(judged(both(0.5, 0.5), { signals })?.type).toBe('success');
    expect(judged(both(0.5, 2), { signals })?.type).toBe('partial');
    expect(judged(both(0.5, 9), { signals })?.type).toBe('degradation');
  });
  test('a neighbor in trouble that was not before is degradation, one that always was is not', () => {
    const pairs = (b: number): Reading[][] => Array.from({ length: 3 }, () => [value(0.5), value(b)]);
    expect(judged(pairs(0.02), { signals: [violated(), neighbor] })?.type).toBe('success');
    expect(judged(pairs(0.3), { signals: [violated(), neighbor] })?.type).toBe('degradation');
    expect(judged(pairs(0.3), { signals: [violated(), { ...neighbor, before: 0.3 }] })?.type).toBe('success');
  });

  test('any readings give an answer at the end of the window, with evidence for each signal', () => {
    const reading: fc.Arbitrary<Reading> = fc.oneof(
      fc.double().map(value),
      fc.constant<Reading>({ kind: 'missing', reason: 'empty' }),
      fc.boolean().map((firing): Reading => ({ kind: 'state', firing })),
    );
    const moments = fc.array(fc.tuple(reading, reading), { minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(moments, (readings) => {
        const verdict = judged(readings, { signals: [violated(), neighbor] });
        expect(verdict?.evidence).toHaveLength(2);
        for (const { before, after } of verdict?.evidence ?? []) {
          expect(before === null || Number.isFinite(before)).toBe(true);
          expect(after === null || Number.isFinite(after)).toBe(true);
        }
      }),
    );
  });

  test('missing data in any of the last samples is never told as success, partial or ineffective', () => {
    const place = fc.integer({ min: 0, max: 2 });
    fc.assert(
      fc.property(place, fc.array(fc.double({ noNaN: true }), { minLength: 3, maxLength: 3 }), (missing, numbers) => {
        const moments = numbers.map((number, index) => [index === missing ? value(Number.NaN) : value(number)]);
        expect(judged(moments)?.type).toBe('unknown');
      }),
    );
  });
});

describe('a recovery beside what was left alone', () => {
  const peer = violated({ role: 'peer', component: 'inventory', before: null });
  const three = (...values: number[]): Reading[][] => Array.from({ length: 3 }, () => values.map(value));
  const beside = (own: number, ...peers: number[]) =>
    judged(three(own, ...peers), {
      signals: [violated(), ...peers.map(() => peer)],
      baseline: [value(2), ...peers.map(() => value(2))],
    });

  test('peers that stay in trouble leave the whole recovery to the plan', () => {
    expect(beside(0.5, 2, 2.1)).toMatchObject({ type: 'success', attribution: 1 });
  });
  test('peers that recovered as well leave nothing of it, and the reason says so', () => {
    const verdict = beside(0.5, 0.4, 0.6);
    expect(verdict).toMatchObject({ type: 'success', attribution: 0 });
    expect(verdict?.reason).toContain('2 of 2 untreated peers recovered as well');
    expect(verdict?.evidence.filter(({ role }) => role === 'peer').map(({ resolved }) => resolved)).toEqual([
      true,
      true,
    ]);
  });
  test('peers that recovered in part leave the rest', () => {
    expect(beside(0.5, 0.5, 2)?.attribution).toBeCloseTo(0.5);
  });
  test('a peer that was never in trouble, or cannot be read, says nothing', () => {
    const signals = [violated(), peer];
    const healthy = judged(three(0.5, 0.4), { signals, baseline: [value(2), value(0.4)] });
    expect(healthy?.attribution).toBe(1);
    const blind = judged(three(0.5, Number.NaN), { signals, baseline: [value(2), value(2)] });
    expect(blind).toMatchObject({ type: 'success', attribution: 1 });
  });
  test('without a peer the base rate of self-recovery is taken off', () => {
    const { verification } = planFrom({ actions: [], verification: { intervalSeconds: 1, windowSeconds: 10 } });
    const samples = series(0.5, 0.5, 0.5).map((readings, index) => ({ atMs: index * 1_000, readings }));
    const facts = { verification: { ...verification, selfRecovery: 0.3 }, baseline: null, samples, fromMs: 0 };
    const verdict = judge(facts, 10_000, margins);
    expect(verdict?.attribution).toBeCloseTo(0.7);
    expect(verdict?.reason).toContain('30 % of such violations go away by themselves');
  });
  test('what went as far the wrong way without any change is not the doing of the plan', () => {
    expect(beside(3)?.type).toBe('degradation');
    expect(beside(3, 3.1, 2.9)?.type).toBe('ineffective');
    expect(beside(5, 2.5, 2.6)?.type).toBe('degradation');
  });
  test('nothing that did not recover is credited to anybody', () => {
    expect(beside(2, 2)?.attribution).toBeNull();
  });
  test('a neighbor that could be read before and cannot since leaves the outcome unknown', () => {
    const gone: Reading = { kind: 'missing', reason: 'empty' };
    const moments = Array.from({ length: 3 }, () => [value(0.5), gone]);
    const signals = [violated(), neighbor];
    const baseline = [value(2), value(0.01)];
    expect(judged(moments, { signals, baseline, at: 3_000 })).toBeNull();
    expect(judged(moments, { signals, baseline })).toMatchObject({
      type: 'unknown',
      reason: expect.stringContaining('Neighbor api cannot be told any more'),
    });
    expect(judged(moments, { signals, baseline: [value(2), gone] })?.type).toBe('success');
  });
});
