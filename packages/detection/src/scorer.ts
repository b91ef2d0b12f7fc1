import { createRarity } from './rarity.ts';
import { type ScorerTuning, scorerTuning } from './scorer-tuning.ts';
import { cleanSamples } from './series.ts';
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts';

/** State of one series, plain JSON of bounded size; a scorer made from it goes on as if it had never stopped. */
export interface ScorerState {
  readonly v: 1;
  readonly window: readonly number[];
  readonly rarity: readonly number[];
}

export interface Scorer {
  /** Anomaly score in [0, 1] of a sample (time in seconds, in order of time); uses nothing after it. NaN scores 0. */
  readonly push: (timestamp: number, value: number) => number;
  readonly state: () => ScorerState;
}

export interface ScorerOptions {
  readonly tuning?: Partial<ScorerTuning>;
  readonly state?: ScorerState;
}

/** A streaming detector for one series. Scaling or shifting the series changes no score. */
export function createScorer(options: ScorerOptions = {}): Scorer {
  const tuning = { ...scorerTuning, ...options.tuning };
  const window = createSlidingWindow(tuning.windowSamples, options.state?.window ?? []);
  const rarity = createRarity(options.state?.rarity ?? []);
  return {
    push: (_timestamp, value) => {
      if (!Number.isFinite(value)) return 0;
      const ready = window.size() >= tuning.minimumSamples;
      const score = ready ? Math.min(1, rarity.rate(deviationFrom(window, value)) / tuning.rarityDecades) : 0;
      window.add(value);
      return score;
    },
    state: () => ({ v: 1, window: window.oldestFirst(), rarity: rarity.counts() }),
  };
}

/** Scores of a whole series, aligned with the input; samples in any order are scored in order of time. */
export function scoreSeries(
  timestamps: ArrayLike<number>,
  values: ArrayLike<number>,
  options: Pick<ScorerOptions, 'tuning'> = {},
): Float64Array {
  const samples = cleanSamples(timestamps, values);
  const scorer = createScorer(options);
  const byTime = new Map<number, number>();
  samples.times.forEach((time, i) => {
    byTime.set(time, scorer.push(time, samples.values[i] ?? Number.NaN));
  });
  return Float64Array.from({ length: timestamps.length }, (_, i) =>
    Number.isFinite(values[i] ?? Number.NaN) ? (byTime.get(timestamps[i] ?? Number.NaN) ?? 0) : 0,
  );
}

function deviationFrom(window: SlidingWindow, value: number): number {
  const center = window.quantile(0.5);
  const span = window.quantile(0.95) - window.quantile(0.05);
  const scale = Math.max(1.4826 * window.mad(center), span / 3.29);
  const distance = Math.abs(value - center);
  if (scale > 0) return distance / scale;
  return distance > 0 ? DEVIATION_OF_CONSTANT : 0;
}

/** A series that never moved and moves now: as large as deviations get. */
const DEVIATION_OF_CONSTANT = 50;
