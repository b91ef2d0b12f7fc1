/**
 * How much each of several detectors of one series is trusted: one that alarms where the others see nothing, more often
 * than a budget allows, counts less for this series.
 */
export interface Trust {
  /** Weight of each detector relative to the others, about 1; the same array for ever. */
  readonly weights: Float64Array;
  /** Learns from how rare each detector found a sample (every other value of `found`, from place 1), in decades. */
  readonly learn: (found: Float64Array) => void;
  readonly state: () => TrustState;
}

export interface TrustState {
  readonly alone: readonly number[];
  readonly weights: readonly number[];
  readonly seen: number;
}

export interface TrustTuning {
  /** Decades from which a detector alarms, and below which the others together saw nothing. */
  readonly alarm: number;
  readonly nothing: number;
  /** How strongly lone alarms count; 0 trusts all alike. */
  readonly sharpness: number;
  /** Share of samples with a lone alarm that is nothing to blame. */
  readonly budget: number;
  /** Share by which the newest sample moves what was learned: a couple of days at five minutes. */
  readonly pace: number;
}

/** Trust moves slowly: weights are computed anew once in this many samples, a power of two, and not before some were seen. */
const REFIT_EVERY = 16;
const LEAST = 200;
/** No detector is silenced, none rules alone. */
const MOST = 3;

export function createTrust(detectors: number, tuning: TrustTuning, state?: TrustState): Trust {
  const alone = Float64Array.from({ length: detectors }, (_, i) => state?.alone[i] ?? 0);
  const weights = Float64Array.from({ length: detectors }, (_, i) => state?.weights[i] ?? 1);
  let seen = state?.seen ?? 0;
  const refit = (): void => {
    const mean = alone.reduce((sum, share) => sum + share, 0) / detectors;
    for (let i = 0; i < detectors; i++) {
      const ratio = (mean + tuning.budget) / ((alone[i] ?? 0) + tuning.budget);
      weights[i] = Math.min(MOST, Math.max(1 / MOST, ratio ** tuning.sharpness));
    }
  };
  return {
    weights,
    learn: (found) => {
      seen++;
      const pace = Math.max(tuning.pace, 1 / seen);
      let total = 0;
      for (let i = 0; i < detectors; i++) total += found[2 * i + 1] ?? 0;
      for (let i = 0; i < detectors; i++) {
        const own = found[2 * i + 1] ?? 0;
        const isAlone = own > tuning.alarm && total - own < tuning.nothing * (detectors - 1);
        alone[i] = (alone[i] ?? 0) + pace * ((isAlone ? 1 : 0) - (alone[i] ?? 0));
      }
      if (seen >= LEAST && (seen & (REFIT_EVERY - 1)) === 0) refit();
    },
    state: () => ({ alone: Array.from(alone), weights: Array.from(weights), seen }),
  };
}
