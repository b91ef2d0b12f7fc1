import type { Testbed } from './model/index.ts';

/** The model on real time. Reading it first brings it up to now, so that answers are never a tick old. */
export interface LiveTestbed {
  current(): Testbed;
  /** Time of day for a moment of the virtual clock. */
  instantOf(seconds: number): string;
  close(): void;
}

export interface Clock {
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
}

export function runLive(testbed: Testbed, clock: Clock, tickMs: number): LiveTestbed {
  const origin = clock.wallMs() - testbed.now() * 1000;
  let seen = clock.monotonicMs();
  const current = (): Testbed => {
    const now = clock.monotonicMs();
    testbed.advance((now - seen) / 1000);
    seen = now;
    return testbed;
  };
  // The server keeps the process alive, the clock alone does not.
  const timer = setInterval(current, tickMs).unref();
  return {
    current,
    instantOf: (seconds) => new Date(origin + seconds * 1000).toISOString(),
    close: () => clearInterval(timer),
  };
}
