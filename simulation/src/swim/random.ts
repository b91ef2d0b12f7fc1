import { normalShare } from '@charter/app-plan/planner';

/** A stream of random numbers that its seed alone decides. */
export interface RandomStream {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
}

/** Small fast counter generator (sfc32, C. Doty-Humphrey); normals by Marsaglia's polar method. */
export function createRandom(seed: number): RandomStream {
  let a = 0x9e3779b9 ^ seed;
  let b = 0x243f6a88 ^ Math.imul(seed, 0x85ebca6b);
  let c = 0xb7e15162 ^ Math.imul(seed, 0xc2b2ae35);
  let counter = 1;
  let spare = Number.NaN;

  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  }
  for (let warmUp = 0; warmUp < 15; warmUp += 1) next();

  const uniform = (): number => next() / 4_294_967_296;
  function normal(): number {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * Math.log(square)) / square);
        spare = y * scale;
        return x * scale;
      }
    }
  }
  return { uniform, normal };
}

/** A normal value, drawn again until it is not negative. */
export function truncatedNormal(random: RandomStream, mean: number, deviation: number): number {
  for (;;) {
    const value = mean + deviation * random.normal();
    if (value >= 0) return value;
  }
}

/** Mean of that distribution: mean + deviation · φ(z) / Φ(z) with z = mean / deviation. */
export function truncatedNormalMean(mean: number, deviation: number): number {
  const z = mean / deviation;
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
  return mean + (deviation * density) / normalShare(z);
}
