import type { TrustTuning } from './trust.ts';

/** Every number of the univariate scorer, with where it comes from. */
export interface ScorerTuning {
  /** What each view counts: level, day, smoothed day, restlessness, nearest days. Equal weights; the bench prints the ablation. */
  readonly viewWeights: readonly [number, number, number, number, number];
  /** Which views are trusted on this series. Fitted: any sharpness up to 0.35 and any pace helped on the whole, 1 did not. */
  readonly trust: TrustTuning;
  /** Past that levels are compared with, in samples: two weeks at five minutes. Fitted: 1,000 was worse, more no better. */
  readonly spanSamples: number;
  /** Samples kept of it. Fitted: fewer made the scale of heavy tails unstable. */
  readonly keptSamples: number;
  /** Samples needed before anything is scored: below, the scale is a guess. */
  readonly minimumSamples: number;
  /** Samples that the smooth views average: an hour at five minutes. Fitted. */
  readonly smoothSamples: number;
  /** Samples averaged before they are compared with single days. */
  readonly briefSamples: number;
  /** Slots of a day and days remembered by the day shape; days needed before it speaks. */
  readonly daySlots: number;
  readonly shapeDays: number;
  readonly leastDays: number;
  /** Distance given to a series that never moved and moves now: as large as any. */
  readonly constantDistance: number;
  /** Mean distance of the views that makes a score of one half: three deviations is the usual outlier cut-off. */
  readonly halfDistance: number;
  /** Decades by which the alarm level drops when the history grows tenfold: an alarm budget per series, not per sample. Fitted. */
  readonly budgetDecades: number;
  /** Alarm level in decades that makes an alarm of one half, the threshold fixed beforehand. Fitted by cross-validation. */
  readonly alarmDecades: number;
  /** Samples an episode lasts after its last alarm; within it only a clearly larger level alarms again. Fitted. */
  readonly episodeSamples: number;
  readonly episodeRise: number;
}

export const scorerTuning: ScorerTuning = {
  viewWeights: [1, 1, 1, 1, 1],
  trust: { alarm: 1.3, nothing: 0.5, sharpness: 0.2, budget: 0.001, pace: 0.002 },
  spanSamples: 4096,
  keptSamples: 256,
  minimumSamples: 20,
  smoothSamples: 12,
  briefSamples: 3,
  daySlots: 144,
  shapeDays: 6,
  leastDays: 2,
  constantDistance: 50,
  halfDistance: 3,
  budgetDecades: 1,
  alarmDecades: 1.3,
  episodeSamples: 100,
  episodeRise: 1,
};
