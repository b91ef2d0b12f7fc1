import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';

/** A new ULID; within one process later ids sort after earlier ones. */
export const newId: () => string = monotonicFactory(randomFractions());

/** Random numbers in [0, 1), asked from the system a few hundred at a time: one call each costs more than the rest. */
function randomFractions(): () => number {
  const drawn = new Uint8Array(4096);
  let next = drawn.length;
  return () => {
    if (next === drawn.length) {
      randomFillSync(drawn);
      next = 0;
    }
    return (drawn[next++] ?? 0) / 256;
  };
}
