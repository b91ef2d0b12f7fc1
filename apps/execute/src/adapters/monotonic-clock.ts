import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../ports.ts';

/** This process' own clock: it never goes back. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    await pause(Math.max(0, ms), undefined, signal ? { signal } : {});
  },
};
