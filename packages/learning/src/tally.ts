/** One verified try. `success` is 1, ½ or 0; a try whose result cannot be told is no trial. */
export interface Trial {
  readonly success: number;
  readonly harm: boolean;
  /** Something beside the problem got worse. */
  readonly sideEffect: boolean;
  /** From acting until everything was back within its thresholds. */
  readonly seconds: number | null;
  /** How much it counts as evidence, 0..1; 1 when absent. Less where others recovered without being acted on. */
  readonly weight?: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A trial as far as it shows whether the world still is as it was. */
export type RecentTrial = Required<Pick<Trial, 'at' | 'success' | 'weight'>>;

/** How many of the latest trials a tally remembers one by one. */
export const rememberedTrials = 30;

/**
 * Sufficient statistics of trials. `trials` counts every one; the other numbers decay, each trial losing half of its
 * weight every half-life, and are as of `asOf`. Adding and taking back are exact inverses, so corrections cost nothing.
 */
export interface Tally {
  readonly trials: number;
  readonly weight: number;
  readonly successes: number;
  readonly harms: number;
  readonly sideEffects: number;
  readonly timed: number;
  readonly seconds: number;
  /** Weight of timed trials by `secondsBounds`; one more for what took longer. */
  readonly buckets: readonly number[];
  /** The latest trials, oldest first; taking one back leaves room for the next, not for one that was forgotten. */
  readonly recent: readonly RecentTrial[];
  readonly asOf: number;
}

/** Upper bounds in seconds of the buckets of times to effect. */
export const secondsBounds = [1, 2, 3, 5, 8, 12, 20, 30, 60, 120, 300, 600, 1800, 3600] as const;

export const emptyTally: Tally = {
  trials: 0,
  weight: 0,
  successes: 0,
  harms: 0,
  sideEffects: 0,
  timed: 0,
  seconds: 0,
  buckets: Array.from({ length: secondsBounds.length + 1 }, () => 0),
  recent: [],
  asOf: 0,
};

const dayMs = 86_400_000;

/** The tally as it weighs at `at` (ms); never turned back in time. */
export function decayTo(tally: Tally, at: number, halfLifeDays: number): Tally {
  if (at <= tally.asOf) return tally;
  const kept = 0.5 ** ((at - tally.asOf) / dayMs / halfLifeDays);
  return {
    trials: tally.trials,
    weight: tally.weight * kept,
    successes: tally.successes * kept,
    harms: tally.harms * kept,
    sideEffects: tally.sideEffects * kept,
    timed: tally.timed * kept,
    seconds: tally.seconds * kept,
    buckets: tally.buckets.map((weight) => weight * kept),
    recent: tally.recent,
    asOf: at,
  };
}

/** The sum of two tallies, as of the later one. */
export function mergeTallies(a: Tally, b: Tally, halfLifeDays: number): Tally {
  const at = Math.max(a.asOf, b.asOf);
  const [x, y] = [decayTo(a, at, halfLifeDays), decayTo(b, at, halfLifeDays)];
  return {
    trials: x.trials + y.trials,
    weight: x.weight + y.weight,
    successes: x.successes + y.successes,
    harms: x.harms + y.harms,
    sideEffects: x.sideEffects + y.sideEffects,
    timed: x.timed + y.timed,
    seconds: x.seconds + y.seconds,
    buckets: x.buckets.map((weight, index) => weight + (y.buckets[index] ?? 0)),
    recent: [...x.recent, ...y.recent].toSorted((one, other) => one.at - other.at),
    asOf: at,
  };
}

/** Adds a trial, or takes one back that was added before (`count` −1). */
export function addTrial(tally: Tally, trial: Trial, halfLifeDays: number, count: 1 | -1 = 1): Tally {
  const at = Math.max(tally.asOf, trial.at);
  const kept = count * (trial.weight ?? 1) * 0.5 ** ((at - trial.at) / dayMs / halfLifeDays);
  const { seconds } = trial;
  const bucket = seconds === null ? -1 : bucketOf(seconds);
  const base = decayTo(tally, at, halfLifeDays);
  const positive = (value: number): number => (value < 1e-9 ? 0 : value);
  return {
    trials: Math.max(0, base.trials + count),
    weight: positive(base.weight + kept),
    successes: positive(base.successes + kept * trial.success),
    harms: positive(base.harms + (trial.harm ? kept : 0)),
    sideEffects: positive(base.sideEffects + (trial.sideEffect ? kept : 0)),
    timed: positive(base.timed + (seconds === null ? 0 : kept)),
    seconds: positive(base.seconds + kept * (seconds ?? 0)),
    buckets: base.buckets.map((weight, index) => positive(index === bucket ? weight + kept : weight)),
    recent: count === 1 ? latest([...base.recent, recentFrom(trial)]) : without(base.recent, recentFrom(trial)),
    asOf: at,
  };
}

const recentFrom = ({ at, success, weight = 1 }: Trial): RecentTrial => ({ at, success, weight });

const latest = (trials: readonly RecentTrial[]): RecentTrial[] =>
  trials.toSorted((a, b) => a.at - b.at).slice(-rememberedTrials);

function without(trials: readonly RecentTrial[], gone: RecentTrial): RecentTrial[] {
  const place = trials.findIndex(
    ({ at, success, weight }) => at === gone.at && success === gone.success && weight === gone.weight,
  );
  return trials.filter((_, index) => index !== place);
}

function bucketOf(seconds: number): number {
  const index = secondsBounds.findIndex((bound) => seconds <= bound);
  return index < 0 ? secondsBounds.length : index;
}

export const meanSeconds = ({ timed, seconds }: Tally): number | null => (timed > 0 ? seconds / timed : null);

/** Quantile of the time to effect in seconds, interpolated within its bucket; null without timed trials. */
export function secondsQuantile(tally: Tally, p: number): number | null {
  if (tally.timed <= 0) return null;
  let left = p * tally.buckets.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of tally.buckets.entries()) {
    const low = index === 0 ? 0 : (secondsBounds[index - 1] ?? 0);
    const high = secondsBounds[index] ?? low;
    if (weight > 0 && left <= weight) return low + (high - low) * (left / weight);
    left -= weight;
  }
  return secondsBounds.at(-1) ?? null;
}
