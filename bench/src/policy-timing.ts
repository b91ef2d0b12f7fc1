export interface Timing {
  /** Microseconds. */
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/**
 * Times calls over `inputs` for about `budgetMs`. The mean is processor time of this thread over many calls, so that
 * other work on the machine does not count; percentiles are wall time around each call, less what reading the clock costs.
 */
export function timeCalls<T>(call: (input: T) => unknown, inputs: readonly T[], budgetMs: number): Timing {
  repeat(call, inputs, budgetMs / 4);
  const { calls, processorUs } = repeat(call, inputs, budgetMs / 2);
  const mean = processorUs / calls;
  const clock = clockCost();
  const samples: number[] = [];
  const samplesUntil = performance.now() + budgetMs / 2;
  for (let at = 0; at < 400_000; at += 1) {
    const input = inputs[at % inputs.length] as T;
    const start = performance.now();
    const result = call(input);
    const end = performance.now();
    keep(result);
    samples.push(Math.max(0, (end - start) * 1_000 - clock));
    if (end > samplesUntil) break;
  }
  samples.sort((a, b) => a - b);
  return { mean, p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), perSecond: 1_000_000 / mean };
}

/** Calls in turn until the time is up, and at least once; the processor's clock ticks in milliseconds, so it is read twice only. */
function repeat<T>(
  call: (input: T) => unknown,
  inputs: readonly T[],
  budgetMs: number,
): { readonly calls: number; readonly processorUs: number } {
  const until = performance.now() + budgetMs;
  const before = process.threadCpuUsage();
  let calls = 0;
  do {
    for (const input of inputs) {
      keep(call(input));
      calls += 1;
      if ((calls < 256 || calls % 256 === 0) && performance.now() > until) break;
    }
  } while (performance.now() < until);
  const spent = process.threadCpuUsage(before);
  return { calls, processorUs: spent.user + spent.system };
}

/** What reading the clock twice costs, in microseconds: the median of many. */
function clockCost(): number {
  const costs: number[] = [];
  for (let at = 0; at < 20_000; at += 1) {
    const start = performance.now();
    costs.push((performance.now() - start) * 1_000);
  }
  return middle(costs);
}

export const middle = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const kept: unknown[] = [undefined];
/** Keeps results observable, so that no call is optimized away. */
function keep(value: unknown): void {
  kept[0] = value;
}
