import fc from 'fast-check';
import { expect, test } from 'vitest';
import { admit, afterCancel, afterFailure, type Breaker, closedBreaker } from '../src/breaker.ts';

const limits = { failuresToOpen: 3, openMs: 1000 };
const failed = (times: number, nowMs: number): Breaker =>
  Array.from({ length: times }).reduce<Breaker>((breaker) => afterFailure(breaker, limits, nowMs, 0), closedBreaker);

test('it lets everything through until enough failures in a row, then nothing until its time is over', () => {
  expect(admit(failed(2, 0), limits, 0)).not.toBeNull();
  expect(admit(failed(3, 0), limits, 999)).toBeNull();
  expect(admit(failed(3, 0), limits, 1000)).not.toBeNull();
});

test('once its time is over it lets one trial through at a time', () => {
  const trying = admit(failed(3, 0), limits, 1000);
  expect(trying && admit(trying, limits, 5000)).toBeNull();
  expect(trying && admit(afterCancel(trying), limits, 5000)).not.toBeNull();
  expect(trying && admit(afterFailure(trying, limits, 1500, 0), limits, 2499)).toBeNull();
});

test('it is never open longer than one and a half times its time', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (times, jitter) => {
      const breaker = afterFailure(failed(times, 0), limits, 0, jitter);
      expect(admit(breaker, limits, 1500)).not.toBeNull();
    }),
  );
});
