/**
 * Bayesian linear regression with known noise: weights ~ N(0, priorVariance·I), observations with variance `noise`.
 * Holds the posterior precision and its inverse; one observation costs width² (Sherman and Morrison 1950).
 */
export interface LinearBelief {
  readonly width: number;
  readonly priorVariance: number;
  readonly noise: number;
  /** Row-major width × width. */
  readonly precision: Float64Array;
  readonly covariance: Float64Array;
  /** Precision times mean. */
  readonly pull: Float64Array;
  readonly mean: Float64Array;
}

export function createLinearBelief(width: number, priorVariance: number, noise: number): LinearBelief {
  const belief: LinearBelief = {
    width,
    priorVariance,
    noise,
    precision: new Float64Array(width * width),
    covariance: new Float64Array(width * width),
    pull: new Float64Array(width),
    mean: new Float64Array(width),
  };
  for (let i = 0; i < width; i++) {
    belief.precision[i * width + i] = 1 / priorVariance;
    belief.covariance[i * width + i] = priorVariance;
  }
  return belief;
}

const at = (values: Float64Array | readonly number[], index: number): number => values[index] ?? 0;

function times(matrix: Float64Array, x: ArrayLike<number>, width: number): Float64Array {
  const result = new Float64Array(width);
  for (let i = 0; i < width; i++) {
    let sum = 0;
    for (let j = 0; j < width; j++) sum += at(matrix, i * width + j) * (x[j] ?? 0);
    result[i] = sum;
  }
  return result;
}

/** Mean and standard deviation of what is expected at `x`, without the noise of a single observation. */
export function predictAt(belief: LinearBelief, x: readonly number[]): { mean: number; deviation: number } {
  const spread = times(belief.covariance, x, belief.width);
  let mean = 0;
  let variance = 0;
  for (let i = 0; i < belief.width; i++) {
    mean += at(belief.mean, i) * at(x, i);
    variance += at(spread, i) * at(x, i);
  }
  return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
}

/** Takes in one observation, in place. */
export function observeAt(belief: LinearBelief, x: readonly number[], value: number): void {
  const { width, noise, precision, covariance, pull, mean } = belief;
  const spread = times(covariance, x, width);
  let gain = noise;
  for (let i = 0; i < width; i++) gain += at(spread, i) * at(x, i);
  for (let i = 0; i < width; i++) {
    pull[i] = at(pull, i) + (at(x, i) * value) / noise;
    for (let j = 0; j < width; j++) {
      const index = i * width + j;
      precision[index] = at(precision, index) + (at(x, i) * at(x, j)) / noise;
      covariance[index] = at(covariance, index) - (at(spread, i) * at(spread, j)) / gain;
    }
  }
  mean.set(times(covariance, pull, width));
}

/** Keeps only that share of what was observed, in place: for a world that changed. */
export function forgetTo(belief: LinearBelief, kept: number): void {
  const { width, precision, covariance, pull, mean, priorVariance } = belief;
  for (let index = 0; index < precision.length; index++) {
    const prior = index % (width + 1) === 0 ? 1 / priorVariance : 0;
    precision[index] = prior + kept * (at(precision, index) - prior);
  }
  for (let i = 0; i < width; i++) pull[i] = at(pull, i) * kept;
  covariance.set(inverseOf(precision, width));
  mean.set(times(covariance, pull, width));
}

/** Inverse of a symmetric positive definite matrix by Cholesky's factors. */
export function inverseOf(matrix: Float64Array, width: number): Float64Array {
  const inverse = new Float64Array(width * width);
  const factor = choleskyOf(matrix, width);
  for (let column = 0; column < width; column++) {
    const unit = new Float64Array(width);
    unit[column] = 1;
    const solved = solveWith(factor, unit, width);
    for (let row = 0; row < width; row++) inverse[row * width + column] = at(solved, row);
  }
  return inverse;
}

/** Lower factor L of L·Lᵀ. Throws a RangeError when the matrix is not positive definite. */
export function choleskyOf(matrix: Float64Array, width: number): Float64Array {
  const factor = new Float64Array(width * width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(matrix, i * width + j);
      for (let k = 0; k < j; k++) sum -= at(factor, i * width + k) * at(factor, j * width + k);
      if (i === j) {
        if (sum <= 0) throw new RangeError('the matrix is not positive definite');
        factor[i * width + i] = Math.sqrt(sum);
      } else {
        factor[i * width + j] = sum / at(factor, j * width + j);
      }
    }
  }
  return factor;
}

/** Solves L·Lᵀ·x = right. */
export function solveWith(factor: Float64Array, right: Float64Array, width: number): Float64Array {
  const solved = Float64Array.from(right);
  for (let i = 0; i < width; i++) {
    let sum = at(solved, i);
    for (let k = 0; k < i; k++) sum -= at(factor, i * width + k) * at(solved, k);
    solved[i] = sum / at(factor, i * width + i);
  }
  for (let i = width - 1; i >= 0; i--) {
    let sum = at(solved, i);
    for (let k = i + 1; k < width; k++) sum -= at(factor, k * width + i) * at(solved, k);
    solved[i] = sum / at(factor, i * width + i);
  }
  return solved;
}
