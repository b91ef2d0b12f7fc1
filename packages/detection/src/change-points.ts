/** Bayesian online change-point detection over a group of metrics, truncated to the likeliest recent run lengths. */
export interface ChangePoints {
  /** Probability in [0, 1] that the newest regime began within the last `recent` rows. NaN values tell nothing. */
  readonly push: (row: ArrayLike<number>) => number;
}

export interface ChangePointTuning {
  /** Expected rows between changes. */
  readonly expectedRun: number;
  /** Longest run told apart; longer ones count as this long (truncation: bounded cost and memory). */
  readonly maximumRun: number;
  /** A regime younger than this many rows is a change. One row alone is an outlier. */
  readonly recent: number;
  /** Rows a fresh regime borrows from the long-run moments of the series. */
  readonly priorRows: number;
}

export const changePointTuning: ChangePointTuning = { expectedRun: 250, maximumRun: 40, recent: 8, priorRows: 2 };

/**
 * Adams and MacKay (2007) with an independent Student-t per metric. Values are first standardized by the long-run mean
 * and deviation of their metric, so scale and offset do not matter. The mean log-likelihood over metrics is tempered by
 * the square root of their number, since metrics of one system are not independent.
 */
export function createChangePoints(metrics: number, tuning: Partial<ChangePointTuning> = {}): ChangePoints {
  const { expectedRun, maximumRun, recent, priorRows } = { ...changePointTuning, ...tuning };
  const hazard = 1 / expectedRun;
  const temper = 1 / Math.sqrt(Math.max(1, metrics));
  const sums = new Float64Array((maximumRun + 1) * metrics);
  const squares = new Float64Array((maximumRun + 1) * metrics);
  const weights = new Float64Array(maximumRun + 1);
  const grown = new Float64Array(maximumRun + 1);
  const moments = {
    count: new Float64Array(metrics),
    mean: new Float64Array(metrics),
    squares: new Float64Array(metrics),
  };
  const z = new Float64Array(metrics);
  let rows = 0;
  weights[0] = 1;
  return {
    push: (row) => {
      standardize(row, z, moments);
      rows++;
      let total = 0;
      let restart = 0;
      grown.fill(0);
      for (let run = 0; run <= maximumRun; run++) {
        const weight = weights[run] ?? 0;
        if (weight < 1e-12) continue;
        const joint = weight * Math.exp(temper * logLikelihood(z, sums, squares, run, metrics, priorRows));
        const target = Math.min(run + 1, maximumRun);
        grown[target] = (grown[target] ?? 0) + joint * (1 - hazard);
        restart += joint * hazard;
        total += joint;
      }
      grown[0] = restart;
      for (let run = 0; run <= maximumRun; run++)
        weights[run] = total > 0 ? (grown[run] ?? 0) / total : run === 0 ? 1 : 0;
      shiftMoments(sums, squares, z, metrics, maximumRun);
      if (rows <= maximumRun) return 0;
      let young = 0;
      for (let run = 1; run < Math.min(recent, maximumRun); run++) young += weights[run] ?? 0;
      return Math.min(1, young);
    },
  };
}

/** Replaces the row by its distance from the long-run mean in long-run deviations; a missing value becomes NaN. */
function standardize(
  row: ArrayLike<number>,
  z: Float64Array,
  moments: { count: Float64Array; mean: Float64Array; squares: Float64Array },
): void {
  for (let j = 0; j < z.length; j++) {
    const value = row[j] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      z[j] = Number.NaN;
      continue;
    }
    const count = moments.count[j] ?? 0;
    const mean = moments.mean[j] ?? 0;
    const deviation = count > 1 ? Math.sqrt((moments.squares[j] ?? 0) / count) : 0;
    z[j] =
      deviation > 0 ? Math.max(-20, Math.min(20, (value - mean) / deviation)) : value === mean || count === 0 ? 0 : 20;
    const delta = value - mean;
    moments.count[j] = count + 1;
    moments.mean[j] = mean + delta / (count + 1);
    moments.squares[j] = (moments.squares[j] ?? 0) + delta * (value - (moments.mean[j] ?? 0));
  }
}

/** Log predictive density of a row under the run that began `run` rows ago: Student-t by its mean and variance so far. */
function logLikelihood(
  z: Float64Array,
  sums: Float64Array,
  squares: Float64Array,
  run: number,
  metrics: number,
  prior: number,
): number {
  let log = 0;
  const count = run + prior;
  const freedom = count;
  for (let j = 0; j < metrics; j++) {
    const value = z[j] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const mean = (sums[run * metrics + j] ?? 0) / count;
    const variance =
      Math.max(0.05, ((squares[run * metrics + j] ?? 0) + prior) / count - mean * mean) * (1 + 1 / count);
    const distance = ((value - mean) * (value - mean)) / variance;
    log -= 0.5 * Math.log(variance) + 0.5 * (freedom + 1) * Math.log1p(distance / freedom);
  }
  return log;
}

/** Every run is one row older and has seen one row more; the longest forgets as much as it learns. */
function shiftMoments(
  sums: Float64Array,
  squares: Float64Array,
  z: Float64Array,
  metrics: number,
  maximumRun: number,
): void {
  const keep = maximumRun / (maximumRun + 1);
  for (let j = 0; j < metrics; j++) {
    const value = Number.isNaN(z[j] ?? Number.NaN) ? 0 : (z[j] ?? 0);
    const top = maximumRun * metrics + j;
    sums[top] = keep * ((sums[top] ?? 0) + value);
    squares[top] = keep * ((squares[top] ?? 0) + value * value);
    for (let run = maximumRun - 1; run > 0; run--) {
      sums[run * metrics + j] = (sums[(run - 1) * metrics + j] ?? 0) + value;
      squares[run * metrics + j] = (squares[(run - 1) * metrics + j] ?? 0) + value * value;
    }
  }
}
