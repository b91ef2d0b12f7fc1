/** State of the generator: one 32-bit word, so that a whole testbed can be saved as JSON. */
export interface Random {
  word: number;
}

export function createRandom(seed: number): Random {
  return { word: (seed ^ 0x9e3779b9) >>> 0 };
}

/** Uniform in [0, 1) (mulberry32). */
export function nextUniform(random: Random): number {
  random.word = (random.word + 0x6d2b79f5) >>> 0;
  let t = random.word;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}

/** Standard normal by the sum of four uniforms: light tails are fine here, since arrivals are bounded anyway. */
export function nextNormal(random: Random): number {
  const sum = nextUniform(random) + nextUniform(random) + nextUniform(random) + nextUniform(random);
  return (sum - 2) * 1.732_050_807_568_877_2;
}

export function nextPoisson(random: Random, mean: number): number {
  if (mean <= 0) return 0;
  if (mean > 12) return Math.max(0, Math.round(mean + Math.sqrt(mean) * nextNormal(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  let product = nextUniform(random);
  while (product > limit) {
    count += 1;
    product *= nextUniform(random);
  }
  return count;
}

export function nextBinomial(random: Random, trials: number, probability: number): number {
  if (trials <= 0 || probability <= 0) return 0;
  if (probability >= 1) return trials;
  const mean = trials * probability;
  if (trials > 40 && mean > 8 && trials - mean > 8) {
    const drawn = Math.round(mean + Math.sqrt(mean * (1 - probability)) * nextNormal(random));
    return Math.min(trials, Math.max(0, drawn));
  }
  if (mean < 0.05) return nextUniform(random) < mean ? 1 : 0;
  let count = 0;
  for (let index = 0; index < trials; index += 1) if (nextUniform(random) < probability) count += 1;
  return count;
}

/** Rounds up with the probability of the fraction, so that the mean is kept. */
export function roundRandomly(random: Random, value: number): number {
  return Math.floor(value + nextUniform(random));
}
