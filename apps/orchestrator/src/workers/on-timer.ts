/** Runs `work` every `intervalMs` until closed, never two at once; a failure goes to `onError` and the next round comes. */
export function everyInterval(intervalMs: number, work: () => Promise<unknown>, onError: (error: unknown) => void) {
  let running: Promise<unknown> | null = null;
  const timer = setInterval(() => {
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = null;
      });
  }, intervalMs);
  return {
    async close(): Promise<void> {
      clearInterval(timer);
      await running;
    },
  };
}
