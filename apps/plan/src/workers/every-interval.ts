export interface Round {
  /** Runs now, after the round that is under way. */
  wake(): void;
  close(): Promise<void>;
}

/** Runs `work` again and again, one round at a time; a failed round is told and the next one comes. */
export function everyInterval(ms: number, work: () => Promise<void>, onError: (error: unknown) => void): Round {
  let isClosed = false;
  let running: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  function run(): void {
    clearTimeout(timer);
    running = work()
      .catch(onError)
      .then(() => {
        running = null;
        if (isClosed) return;
        if (again) {
          again = false;
          run();
        } else {
          timer = setTimeout(run, ms);
        }
      });
  }
  run();

  return {
    wake() {
      if (isClosed) return;
      if (running) again = true;
      else run();
    },
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
