import type { Closeable } from './lifecycle.ts';

/**
 * Runs `work` every `intervalMs` until closed, never two at once; a failure goes to `onError` and the next round comes.
 * Close waits for the round that is under way. `wake` runs a round at once, or right after the one under way.
 */
export function everyInterval(
  intervalMs: number,
  work: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Closeable & { wake(): void; close(): Promise<void> } {
  let running: Promise<void> | null = null;
  let isWoken = false;

  function round(): void {
    if (running) return;
    running = work()
      .then(() => undefined, onError)
      .finally(() => {
        running = null;
        if (isWoken) wake();
      });
  }

  function wake(): void {
    isWoken = running !== null;
    round();
  }

  const timer = setInterval(round, intervalMs);
  return {
    wake,
    async close() {
      clearInterval(timer);
      isWoken = false;
      await running;
    },
  };
}
