import { createDayShape, type DayShapeState } from './day-shape.ts';
import { createMovingMean } from './moving-mean.ts';
import { createScaleTracker, type ScaleTrackerState } from './scale-tracker.ts';
import { type ScorerTuning, scorerTuning } from './scorer-tuning.ts';
import { cleanSamples } from './series.ts';
import { createSurprise, type SurpriseState } from './surprise.ts';

/** State of one series, plain JSON of bounded size; a scorer made from it goes on as if it had never stopped. */
export interface ScorerState {
  readonly v: 1;
  readonly seen: number;
  readonly previous: number | null;
  readonly views: readonly ViewState[];
  readonly means: readonly (readonly number[])[];
  readonly shapes: readonly DayShapeState[];
  readonly episode: { readonly top: number; readonly left: number };
}

interface ViewState {
  readonly scale: ScaleTrackerState;
  readonly surprise: SurpriseState;
}

export interface Scorer {
  /** Anomaly score in [0, 1] of a sample (time in seconds, in order of time); uses nothing after it. NaN scores 0. */
  readonly push: (timestamp: number, value: number) => number;
  /**
   * Alarm level in [0, 1] of the newest sample: an episode raises it once, when it begins, and again only if it gets
   * clearly worse. One half is the threshold fixed beforehand.
   */
  readonly alarm: () => number;
  readonly state: () => ScorerState;
}

export interface ScorerOptions {
  readonly tuning?: Partial<ScorerTuning>;
  readonly state?: ScorerState;
}

/**
 * A streaming detector for one series that looks at it in five ways: its level, its distance from the usual course of a
 * day (each sample, and smoothed) and from the days most alike, and how restless it is. Each way learns its own scale and how rare its deviations
 * are. Scaling or shifting the series changes no score.
 */
export function createScorer(options: ScorerOptions = {}): Scorer {
  const tuning = { ...scorerTuning, ...options.tuning };
  const { state } = options;
  const views = tuning.viewWeights.map((_, i) => createView(tuning, state?.views[i]));
  const total = tuning.viewWeights.reduce((sum, weight) => sum + weight, 0);
  const shares = tuning.viewWeights.map((weight) => weight / total);
  const [level, daily, smoothDaily, restless, unseen] = views;
  const brief = createMovingMean(tuning.briefSamples, state?.means[2]);
  const smooth = createMovingMean(tuning.smoothSamples, state?.means[0]);
  const steps = createMovingMean(tuning.smoothSamples, state?.means[1]);
  const shape = createDayShape(tuning.daySlots, tuning.shapeDays, tuning.leastDays, state?.shapes[0]);
  const smoothShape = createDayShape(tuning.daySlots, tuning.shapeDays, tuning.leastDays, state?.shapes[1]);
  let seen = state?.seen ?? 0;
  let previous = state?.previous ?? Number.NaN;
  let { top, left } = state?.episode ?? { top: 0, left: 0 };
  const alarmOf = (decades: number): number => decades / (decades + tuning.alarmDecades);
  let alarmNow = 0;
  return {
    push: (timestamp, value) => {
      alarmNow = 0;
      if (!Number.isFinite(value)) return 0;
      const smoothed = smooth.add(value);
      const step = Number.isNaN(previous) ? 0 : Math.abs(value - previous);
      previous = value;
      level?.push(value);
      daily?.push(value - shape.expected(timestamp));
      smoothDaily?.push(smoothed - smoothShape.expected(timestamp));
      restless?.push(steps.add(step));
      unseen?.push(shape.nearest(brief.add(value)));
      shape.add(timestamp, value);
      smoothShape.add(timestamp, smoothed);
      seen++;
      let distance = 0;
      let rarity = 0;
      for (let i = 0; i < views.length; i++) {
        distance += (shares[i] ?? 0) * (views[i]?.distance() ?? 0);
        rarity += (shares[i] ?? 0) * (views[i]?.rarity() ?? 0);
      }
      const decades = rarity > 0 ? rarity - tuning.budgetDecades * Math.log10(Math.max(seen, 100) / 1000) : 0;
      left = Math.max(0, left - 1);
      const running = left > 0;
      if (decades >= tuning.alarmDecades && (!running || decades > top + tuning.episodeRise)) {
        left = tuning.episodeSamples;
        top = decades;
        alarmNow = alarmOf(decades);
      } else if (!running && decades > 0) alarmNow = alarmOf(decades);
      return distance / (distance + tuning.halfDistance);
    },
    alarm: () => alarmNow,
    state: () => ({
      v: 1,
      seen,
      previous: Number.isNaN(previous) ? null : previous,
      views: views.map((view) => view.state()),
      means: [smooth.values(), steps.values(), brief.values()],
      shapes: [shape.state(), smoothShape.state()],
      episode: { top, left },
    }),
  };
}

/** One way to look at a series: the newest value against its long past, and how rare such a distance is. */
function createView(tuning: ScorerTuning, state: ViewState | undefined) {
  const scale = createScaleTracker(tuning.keptSamples, tuning.spanSamples, state?.scale);
  const surprise = createSurprise(state?.surprise);
  let distance = 0;
  let rarity = 0;
  return {
    push: (value: number): void => {
      distance = 0;
      rarity = 0;
      if (!Number.isFinite(value)) return;
      if (scale.size() >= tuning.minimumSamples) {
        distance = scale.distance(value, tuning.constantDistance);
        rarity = surprise.rate(distance);
      }
      scale.add(value);
    },
    distance: () => distance,
    rarity: () => rarity,
    state: (): ViewState => ({ scale: scale.state(), surprise: surprise.state() }),
  };
}

/** Scores of a whole series, aligned with the input; samples in any order are scored in order of time. */
export function scoreSeries(
  timestamps: ArrayLike<number>,
  values: ArrayLike<number>,
  options: Pick<ScorerOptions, 'tuning'> = {},
): Float64Array {
  return alongTime(timestamps, values, options, (scorer, time, value) => scorer.push(time, value));
}

/** Alarm levels of a whole series, aligned with the input: see `Scorer.alarm`. */
export function alarmSeries(
  timestamps: ArrayLike<number>,
  values: ArrayLike<number>,
  options: Pick<ScorerOptions, 'tuning'> = {},
): Float64Array {
  return alongTime(timestamps, values, options, (scorer, time, value) => {
    scorer.push(time, value);
    return scorer.alarm();
  });
}

function alongTime(
  timestamps: ArrayLike<number>,
  values: ArrayLike<number>,
  options: Pick<ScorerOptions, 'tuning'>,
  read: (scorer: Scorer, time: number, value: number) => number,
): Float64Array {
  const samples = cleanSamples(timestamps, values);
  const scorer = createScorer(options);
  const byTime = new Map<number, number>();
  samples.times.forEach((time, i) => {
    byTime.set(time, read(scorer, time, samples.values[i] ?? Number.NaN));
  });
  return Float64Array.from({ length: timestamps.length }, (_, i) =>
    Number.isFinite(values[i] ?? Number.NaN) ? (byTime.get(timestamps[i] ?? Number.NaN) ?? 0) : 0,
  );
}
