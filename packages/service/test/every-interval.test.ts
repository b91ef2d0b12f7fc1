import { expect, test } from 'vitest';
import { everyInterval } from '../src/index.ts';

test('rounds never overlap, a failure does not end them, and close waits for the one under way', async () => {
  const gate = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  let rounds = 0;
  let atOnce = 0;
  let most = 0;
  const work = async () => {
    rounds += 1;
    if (rounds === 1) throw new Error('first fails');
    atOnce += 1;
    most = Math.max(most, atOnce);
    if (rounds === 2) await gate.promise;
    atOnce -= 1;
  };
  const loop = everyInterval(1, work, (error) => errors.push(error));
  await expect.poll(() => rounds).toBe(2);
  loop.wake();
  gate.resolve();
  await expect.poll(() => rounds).toBeGreaterThan(3);
  await loop.close();
  const atClose = rounds;
  await new Promise(setImmediate);
  expect([most, atOnce, errors.length, rounds]).toEqual([1, 0, 1, atClose]);
});

test('a wake runs a round at once, however long the interval is', async () => {
  let rounds = 0;
  const loop = everyInterval(
    3_600_000,
    async () => {
      rounds += 1;
    },
    () => undefined,
  );
  loop.wake();
  await expect.poll(() => rounds).toBe(1);
  await loop.close();
});
