import { expect, test } from 'vitest';
import { matchesAny, matchesGlob } from '../src/domain/matches-glob.ts';

test.each([
  ['*', 'orders', true],
  ['*', '', true],
  ['orders', 'orders', true],
  ['orders', 'orders-2', false],
  ['order?', 'orders', true],
  ['order?', 'order', false],
  ['latency_*', 'latency_p95', true],
  ['*_p95', 'latency_p95', true],
  ['*a*b*', 'xxaxxbxx', true],
  ['*a*b*', 'xxbxxaxx', false],
  ['a.c', 'abc', false],
  ['', '', true],
  ['', 'x', false],
])('glob %s and name %s: %s', (glob, name, matches) => {
  expect(matchesGlob(glob, name)).toBe(matches);
});

test('a glob made to backtrack answers at once', () => {
  const started = performance.now();
  expect(matchesGlob(`${'*a'.repeat(90)}b`, 'a'.repeat(200))).toBe(false);
  expect(performance.now() - started).toBeLessThan(100);
});

test('absent globs match everything, an empty list nothing', () => {
  expect(matchesAny(undefined, [])).toBe(true);
  expect(matchesAny([], ['orders'])).toBe(false);
});
