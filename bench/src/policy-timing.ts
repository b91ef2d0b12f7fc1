export interface Timing {
  /** Microseconds. */
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/**
 * Times one call at a time over `inputs` until `budgetMs` is spent. The mean comes from whole rounds without a clock
 * between calls, the median of several; percentiles from a clock around each call, less the clock's own cost.
 */
export function timeCalls<T>(call: (input: T) => unknown, inputs: readonly T[], budgetMs: number): Timing {
  const warmUntil = performance.now() + budgetMs / 4;
  do {
    for (const input of inputs) {
      keep(call(input));
      if (performance.now() > warmUntil + budgetMs) break;
    }
  } while (performance.now() < warmUntil);
  const rounds: number[] = [];
  const meanUntil = performance.now() + budgetMs / 2;
  do {
    const start = performance.now();
    let done = 0;
    for (const input of inputs) {
      keep(call(input));
      done += 1;
      if (done % 64 === 0 && performance.now() > meanUntil) break;
    }
    rounds.push(((performance.now() - start) * 1_000) / done);
  } while (performance.now() < meanUntil);
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
  const mean = middle(rounds);
  samples.sort((a, b) => a - b);
  return { mean, p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), perSecond: 1_000_000 / mean };
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

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

let kept: unknown;
/** Keeps results observable, so that no call is optimized away. */
function keep(value: unknown): void {
  kept = value;
}
export const lastKept = (): unknown => kept;
