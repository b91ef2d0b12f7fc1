import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { betaQuantile, logGamma, regularizedBeta } from '../src/beta-distribution.ts';
import {
  addTrial,
  chanceAbove,
  confidenceAt,
  decayTo,
  emptyTally,
  ignorance,
  intervalOf,
  meanOf,
  mergeTallies,
  pooledBelief,
  secondsQuantile,
  successBelief,
  type Tally,
  type Trial,
} from '../src/index.ts';

const day = 86_400_000;
const trial = (success: number, changes: Partial<Trial> = {}): Trial => ({
  success,
  harm: false,
  sideEffect: false,
  seconds: null,
  at: 0,
  ...changes,
});
const tallyOf = (trials: readonly Trial[], halfLife = 90): Tally =>
  trials.reduce((tally, one) => addTrial(tally, one, halfLife), emptyTally);
const some = (successes: number, failures: number): Tally =>
  tallyOf([...Array.from({ length: successes }, () => trial(1)), ...Array.from({ length: failures }, () => trial(0))]);

describe('the beta distribution', () => {
  test('agrees with factorials and closed forms', () => {
    expect(Math.exp(logGamma(6))).toBeCloseTo(120, 9);
    expect(Math.exp(logGamma(0.5))).toBeCloseTo(Math.sqrt(Math.PI), 12);
    expect(regularizedBeta(0.3, 1, 1)).toBeCloseTo(0.3, 12);
    expect(regularizedBeta(0.4, 2, 1)).toBeCloseTo(0.16, 12);
    expect(regularizedBeta(0.25, 1, 3)).toBeCloseTo(1 - 0.75 ** 3, 12);
  });

  test('agrees with the binomial tail, P(Bin(n, x) ≥ k) = I_x(k, n − k + 1)', () => {
    const [n, k, x] = [12, 5, 0.37];
    let tail = 0;
    for (let hits = k; hits <= n; hits++) {
      const ways = Math.exp(logGamma(n + 1) - logGamma(hits + 1) - logGamma(n - hits + 1));
      tail += ways * x ** hits * (1 - x) ** (n - hits);
    }
    expect(regularizedBeta(x, k, n - k + 1)).toBeCloseTo(tail, 12);
  });

  test('has quantiles that invert it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 0.5, max: 400, noNaN: true }),
        fc.double({ min: 0.5, max: 400, noNaN: true }),
        (p, a, b) => {
          expect(regularizedBeta(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 5);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a belief', () => {
  test('is the posterior of successes, a partial one counting half', () => {
    const belief = successBelief(ignorance, tallyOf([trial(1), trial(1), trial(0.5), trial(0)]));
    expect(belief).toEqual({ alpha: 3.5, beta: 2.5 });
    expect(meanOf(belief)).toBeCloseTo(3.5 / 6, 12);
  });

  test('narrows with evidence and never leaves [0, 1]', () => {
    const few = intervalOf(successBelief(ignorance, some(4, 1)));
    const many = intervalOf(successBelief(ignorance, some(80, 20)));
    expect(many.upper - many.lower).toBeLessThan((few.upper - few.lower) / 2);
    expect(few.lower).toBeGreaterThan(0);
    expect(few.upper).toBeLessThan(1);
  });

  test('has an interval that holds the true rate about as often as it says', () => {
    // exact, over all results of 20 trials, averaged over the prior: coverage of a Bayesian interval is its level
    let covered = 0;
    const rates = Array.from({ length: 99 }, (_, index) => (index + 0.5) / 99);
    for (const rate of rates) {
      for (let hits = 0; hits <= 20; hits++) {
        const { lower, upper } = intervalOf({ alpha: 1 + hits, beta: 21 - hits });
        if (rate < lower || rate > upper) continue;
        const ways = Math.exp(logGamma(21) - logGamma(hits + 1) - logGamma(21 - hits));
        covered += (ways * rate ** hits * (1 - rate) ** (20 - hits)) / rates.length;
      }
    }
    expect(covered).toBeCloseTo(0.9, 2);
  });

  test('of a new target starts from its class, and its own trials soon outweigh it', () => {
    const inClass = some(18, 2);
    const fresh = meanOf(pooledBelief([emptyTally, inClass, emptyTally]));
    expect(fresh).toBeGreaterThan(0.8);
    const contrary = meanOf(pooledBelief([emptyTally, inClass, some(0, 20)]));
    expect(contrary).toBeLessThan(0.35);
  });

  test('carries no more than ten trials from one level to the next', () => {
    const { alpha, beta } = pooledBelief([some(900, 100), emptyTally, emptyTally]);
    expect(alpha + beta).toBeCloseTo(10, 9);
    expect(alpha / (alpha + beta)).toBeCloseTo(0.9, 2);
  });

  test('compares with another one', () => {
    expect(chanceAbove({ alpha: 2, beta: 2 }, { alpha: 2, beta: 2 })).toBeCloseTo(0.5, 3);
    expect(chanceAbove({ alpha: 9, beta: 2 }, { alpha: 2, beta: 9 })).toBeGreaterThan(0.99);
    // closed form for Beta(2,1) above Beta(1,1): 2/3
    expect(chanceAbove({ alpha: 2, beta: 1 }, ignorance)).toBeCloseTo(2 / 3, 3);
  });

  test('is relied on more with every trial, nearly fully at 30', () => {
    expect(confidenceAt(0)).toBe(0);
    expect(confidenceAt(30)).toBeGreaterThan(0.94);
    expect(confidenceAt(300)).toBeLessThanOrEqual(1);
  });
});

describe('a tally', () => {
  test('loses half its weight each half-life and keeps the count', () => {
    const later = decayTo(some(3, 1), 90 * day, 90);
    expect(later).toMatchObject({ trials: 4, weight: 2, successes: 1.5 });
  });

  test('counts a trial for as much as it weighs, and takes back as much', () => {
    const tally = tallyOf([trial(1, { weight: 0.25 }), trial(0)]);
    expect(tally).toMatchObject({ trials: 2, weight: 1.25, successes: 0.25 });
    expect(addTrial(tally, trial(1, { weight: 0.25 }), 90, -1)).toMatchObject({ trials: 1, weight: 1, successes: 0 });
  });

  test('takes a trial back exactly, whenever it was added', () => {
    const anyTrial = fc.record({
      success: fc.constantFrom(0, 0.5, 1),
      harm: fc.boolean(),
      sideEffect: fc.boolean(),
      seconds: fc.option(fc.double({ min: 0, max: 5000, noNaN: true })),
      at: fc.integer({ min: 0, max: 400 }).map((days) => days * day),
    });
    fc.assert(
      fc.property(fc.array(anyTrial, { maxLength: 20 }), anyTrial, (trials, mistaken) => {
        const before = tallyOf(trials);
        const after = addTrial(addTrial(before, mistaken, 90), mistaken, 90, -1);
        const at = Math.max(before.asOf, mistaken.at);
        const same = decayTo(before, at, 90);
        expect(after.trials).toBe(same.trials);
        expect(after.weight).toBeCloseTo(same.weight, 6);
        expect(after.successes).toBeCloseTo(same.successes, 6);
        expect(after.seconds).toBeCloseTo(same.seconds, 3);
      }),
    );
  });

  test('is the same whatever order its trials came in', () => {
    const trials = [trial(1, { at: 3 * day }), trial(0, { at: 40 * day, seconds: 4 }), trial(0.5, { at: 9 * day })];
    const [forward, backward] = [tallyOf(trials), tallyOf(trials.toReversed())];
    expect(forward.weight).toBeCloseTo(backward.weight, 9);
    expect(forward.successes).toBeCloseTo(backward.successes, 9);
    const merged = mergeTallies(tallyOf(trials.slice(0, 1)), tallyOf(trials.slice(1)), 90);
    expect(merged.successes).toBeCloseTo(forward.successes, 9);
  });

  test('knows how long an effect takes', () => {
    const tally = tallyOf([4, 4.5, 4.9, 7, 100].map((seconds) => trial(1, { seconds })));
    expect(secondsQuantile(tally, 0.5)).toBeGreaterThan(3);
    expect(secondsQuantile(tally, 0.5)).toBeLessThanOrEqual(5);
    expect(secondsQuantile(tally, 0.95)).toBeGreaterThan(60);
    expect(secondsQuantile(emptyTally, 0.5)).toBeNull();
  });
});
