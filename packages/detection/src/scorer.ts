import { createDayShape, type DayShapeState, slotOfDay } from './day-shape.ts';
import { createMovingMean } from './moving-mean.ts';
import { createScaleTracker, type ScaleTrackerState } from './scale-tracker.ts';
import { type ScorerTuning, scorerTuning } from './scorer-tuning.ts';
import { cleanSamples } from './series.ts';
import { createSurprise, type SurpriseState } from './surprise.ts';
import { createTrust, type TrustState } from './trust.ts';

/** State of one series, plain JSON of bounded size; a scorer made from it goes on as if it had never stopped. */
export interface ScorerState {
  readonly v: 1;
  readonly seen: number;
  readonly previous: number | null;
  readonly views: readonly ViewState[];
  readonly means: readonly (readonly number[])[];
  readonly shapes: readonly DayShapeState[];
  readonly trust: TrustState;
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
 * day (each sample, and smoothed) and from the days most alike, and how restless it is. Each way learns its own scale, how rare its deviations
 * are, and how far it is to be trusted on this series. Scaling or shifting the series changes no score.
 */
export function createScorer(options: ScorerOptions = {}): Scorer {
  const tuning = { ...scorerTuning, ...options.tuning };
  const { state } = options;
  // numbers that change with every sample live in typed arrays: a captured variable would be allocated anew each time
  const found = new Float64Array(2 * tuning.viewWeights.length);
  const cells = Float64Array.of(state?.previous ?? Number.NaN, state?.episode.top ?? 0, 0);
  const views = tuning.viewWeights.map((_, i) => createView(tuning, state?.views[i], found, 2 * i));
  const total = tuning.viewWeights.reduce((sum, weight) => sum + weight, 0);
  const shares = Float64Array.from(tuning.viewWeights, (weight) => weight / total);
  const [level, daily, smoothDaily, restless, unseen] = views;
  const brief = createMovingMean(tuning.briefSamples, state?.means[2]);
  const smooth = createMovingMean(tuning.smoothSamples, state?.means[0]);
  const steps = createMovingMean(tuning.smoothSamples, state?.means[1]);
  const shape = createDayShape(tuning.daySlots, tuning.shapeDays, tuning.leastDays, state?.shapes[0]);
  const smoothShape = createDayShape(tuning.daySlots, tuning.shapeDays, tuning.leastDays, state?.shapes[1]);
  const trust = createTrust(shares.length, tuning.trust, state?.trust);
  let seen = state?.seen ?? 0;
  let left = state?.episode.left ?? 0;
  /** Decades of the alarm level; tells the episode. */
  const raise = (rarity: number): void => {
    const decades = rarity > 0 ? rarity - tuning.budgetDecades * Math.log10(Math.max(seen, 100) / 1000) : 0;
    if (left > 0) left--;
    const running = left > 0;
    const begins = decades >= tuning.alarmDecades && (!running || decades > (cells[TOP] ?? 0) + tuning.episodeRise);
    if (begins) {
      left = tuning.episodeSamples;
      cells[TOP] = decades;
    }
    cells[ALARM] = begins || (!running && decades > 0) ? decades / (decades + tuning.alarmDecades) : 0;
  };
  return {
    push: (timestamp, value) => {
      cells[ALARM] = 0;
      if (!Number.isFinite(value)) return 0;
      const slot = slotOfDay(timestamp, tuning.daySlots);
      shape.enter(slot);
      smoothShape.enter(slot);
      const smoothed = smooth.add(value);
      const previous = cells[PREVIOUS] ?? Number.NaN;
      const step = Number.isNaN(previous) ? 0 : Math.abs(value - previous);
      cells[PREVIOUS] = value;
      level?.push(value);
      daily?.push(value - shape.expected());
      smoothDaily?.push(smoothed - smoothShape.expected());
      restless?.push(steps.add(step));
      unseen?.push(shape.nearest(brief.add(value)));
      shape.add(value);
      smoothShape.add(smoothed);
      seen++;
      let whole = 0;
      let distance = 0;
      let rarity = 0;
      for (let i = 0; i < shares.length; i++) {
        const share = (shares[i] ?? 0) * (trust.weights[i] ?? 1);
        whole += share;
        distance += share * (found[2 * i] ?? 0);
        rarity += share * (found[2 * i + 1] ?? 0);
      }
      trust.learn(found);
      distance /= whole;
      raise(rarity / whole);
      return distance / (distance + tuning.halfDistance);
    },
    alarm: () => cells[ALARM] ?? 0,
    state: () => ({
      v: 1,
      seen,
      previous: Number.isNaN(cells[PREVIOUS] ?? Number.NaN) ? null : (cells[PREVIOUS] ?? null),
      views: views.map((view) => view.state()),
      means: [smooth.values(), steps.values(), brief.values()],
      shapes: [shape.state(), smoothShape.state()],
      trust: trust.state(),
      episode: { top: cells[TOP] ?? 0, left },
    }),
  };
}

/** Places in the cells of a scorer. */
const PREVIOUS = 0;
const TOP = 1;
const ALARM = 2;

/**
 * One way to look at a series: how far the newest value is from its long past, and how rare such a distance is, written
 * to `found` from place `at` on.
 */
function createView(tuning: ScorerTuning, state: ViewState | undefined, found: Float64Array, at: number) {
  const scale = createScaleTracker(tuning.keptSamples, tuning.spanSamples, state?.scale);
  const surprise = createSurprise(state?.surprise);
  return {
    push: (value: number): void => {
      found[at] = 0;
      found[at + 1] = 0;
      if (!Number.isFinite(value)) return;
      if (scale.size() >= tuning.minimumSamples) {
        const distance = scale.distance(value, tuning.constantDistance);
        found[at] = distance;
        found[at + 1] = surprise.rate(distance);
      }
      scale.add(value);
    },
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
