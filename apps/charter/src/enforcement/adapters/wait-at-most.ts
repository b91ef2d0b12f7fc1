import { setTimeout as pause } from 'node:timers/promises';

/** Resolves when the work is done, or after this long; the work goes on. */
export async function waitAtMost(ms: number, work: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  const tooLong = pause(ms, undefined, { signal: waiting.signal, ref: false }).catch(() => undefined);
  try {
    await Promise.race([work, tooLong]);
  } finally {
    waiting.abort();
  }
}
