import { symmetricEigen } from './eigen.ts';

/** How a group of metrics usually moves together, learned from rows without known trouble. */
export interface JointModel {
  /** Scores the next row (one value per metric, NaN where missing) in [0, 1] and says which metrics are to blame. */
  readonly push: (row: ArrayLike<number>) => number;
  /** Share of the newest row's score that each metric accounts for; sums to 1, or all 0 when nothing stands out. */
  readonly contributions: () => Float64Array;
}

export interface JointTuning {
  /** Standard deviations beyond which a single metric counts no more. Fitted: 10 and 20 lost much, 100 was no better. */
  readonly clip: number;
  /** Share of the mean variance added to each axis, so that axes that never moved are not infinitely surprising. Fitted. */
  readonly ridge: number;
  /** Least standard deviation as a share of a metric's range while learning. Fitted. */
  readonly floor: number;
  /** Weight of the newest row in the moving mean that each row is averaged with: trouble lasts longer than one row. Fitted. */
  readonly smoothing: number;
  /** How quickly the level of each metric follows what is seen, a row: a machine's usual level drifts over days. Fitted: slower gained less, faster lost trouble. */
  readonly drift: number;
  /** Deviations that the level follows at most: trouble must not become usual. Fitted: 1 was as good, no limit lost much. */
  readonly driftClip: number;
  /** Distance that makes a score of one half. */
  readonly halfDistance: number;
}

export const jointTuning: JointTuning = {
  clip: 40,
  ridge: 0.01,
  floor: 0.01,
  smoothing: 0.12,
  drift: 0.0002,
  driftClip: 3,
  halfDistance: 2,
};

/**
 * Fits means, scales and axes on the rows and returns a streaming scorer: the distance from the usual along the axes,
 * each in units of its own variance, which weighs the low-variance axes most (Hotelling's T², as in PCA-based detectors:
 * Shyu et al. 2003). `columns` holds one array per metric.
 */
export function fitJointModel(
  columns: readonly ArrayLike<number>[],
  rows: number,
  tuning: Partial<JointTuning> = {},
): JointModel {
  const { clip, ridge, floor, smoothing, drift, driftClip, halfDistance } = { ...jointTuning, ...tuning };
  const size = columns.length;
  const means = new Float64Array(size);
  const scales = new Float64Array(size);
  columns.forEach((column, j) => {
    const moments = momentsOf(column, rows);
    means[j] = moments.mean;
    scales[j] = Math.max(moments.deviation, floor * moments.range) || 1;
  });
  const last = Float64Array.from(means);
  const z = new Float64Array(size);
  const standardize = (at: (j: number) => number): void => {
    for (let j = 0; j < size; j++) {
      const value = at(j);
      if (Number.isFinite(value)) last[j] = value;
      z[j] = Math.max(-clip, Math.min(clip, ((last[j] ?? 0) - (means[j] ?? 0)) / (scales[j] ?? 1)));
    }
  };
  const covariance = new Float64Array(size * size);
  for (let i = 0; i < rows; i++) {
    standardize((j) => columns[j]?.[i] ?? Number.NaN);
    for (let a = 0; a < size; a++)
      for (let b = 0; b < size; b++)
        covariance[a * size + b] = (covariance[a * size + b] ?? 0) + ((z[a] ?? 0) * (z[b] ?? 0)) / rows;
  }
  const axes = precisionAxes(covariance, size, ridge);
  const shares = new Float64Array(size);
  const levels = new Float64Array(size);
  const followDrift = (): void => {
    for (let j = 0; j < size; j++) {
      const level = levels[j] ?? 0;
      const away = (z[j] ?? 0) - level;
      levels[j] = level + drift * Math.max(-driftClip, Math.min(driftClip, away));
      z[j] = away;
    }
  };
  let smoothed = Number.NaN;
  return {
    push: (row) => {
      standardize((j) => row[j] ?? Number.NaN);
      followDrift();
      const distance = project(axes, z, size, shares);
      smoothed = Number.isNaN(smoothed) ? distance : smoothed + smoothing * (distance - smoothed);
      const lasting = Math.sqrt(distance * smoothed);
      return lasting / (lasting + halfDistance);
    },
    contributions: () => Float64Array.from(shares),
  };
}

function momentsOf(column: ArrayLike<number>, rows: number): { mean: number; deviation: number; range: number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < rows; i++) {
    const value = column[i] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    count++;
    const delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return { mean, deviation: count > 0 ? Math.sqrt(squares / count) : 0, range: count > 0 ? high - low : 0 };
}

/** Rows are the principal axes, each divided by the square root of its variance plus the ridge. */
function precisionAxes(covariance: Float64Array, size: number, ridge: number): Float64Array {
  const { values, vectors } = symmetricEigen(covariance, size);
  const total = values.reduce((sum, value) => sum + Math.max(value, 0), 0);
  const axes = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    const weight = 1 / Math.sqrt(Math.max(values[k] ?? 0, 0) + (ridge * total) / size || 1);
    for (let j = 0; j < size; j++) axes[k * size + j] = weight * (vectors[j * size + k] ?? 0);
  }
  return axes;
}

/** Root mean square over the axes; fills in each metric's share: what its own deviation adds to the projections. */
function project(axes: Float64Array, z: Float64Array, size: number, shares: Float64Array): number {
  let squares = 0;
  shares.fill(0);
  for (let k = 0; k < size; k++) {
    let along = 0;
    for (let j = 0; j < size; j++) along += (axes[k * size + j] ?? 0) * (z[j] ?? 0);
    squares += along * along;
    for (let j = 0; j < size; j++) shares[j] = (shares[j] ?? 0) + along * (axes[k * size + j] ?? 0) * (z[j] ?? 0);
  }
  let positive = 0;
  for (let j = 0; j < size; j++) positive += Math.max(0, shares[j] ?? 0);
  for (let j = 0; j < size; j++) shares[j] = positive > 0 ? Math.max(0, shares[j] ?? 0) / positive : 0;
  return Math.sqrt(squares / Math.max(1, size));
}
