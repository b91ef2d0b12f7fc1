import { describe, expect, test } from 'vitest';
import { createActionSelector, createRandom, type Situation, seedOf, selectorDefaults } from '../src/index.ts';
import { createLinearBelief, forgetTo, inverseOf, observeAt, predictAt } from '../src/linear-belief.ts';

const arms = ['restart', 'scale', 'rebalance'];

/** Two kinds of situations; the runbook always restarts, which helps in the first kind alone. */
function situationOf(id: number, kind: 0 | 1, changes: Partial<Situation> = {}): Situation {
  return {
    id: `incident-${String(id)}`,
    features: [1, kind],
    expected: [0.6, 0.25, 0.25],
    runbook: 0,
    allowed: [true, true, true],
    mayExplore: true,
    ...changes,
  };
}
const rewardOf = (kind: 0 | 1, arm: number): number => (arm === (kind === 0 ? 0 : 2) ? 0.9 : 0.05);
const selectorOf = () => createActionSelector({ arms, width: 2, ...selectorDefaults, priorVariance: 0.1 });

function play(many: number, changes: Partial<Situation> = {}, reward = rewardOf) {
  const selector = selectorOf();
  const random = createRandom(3);
  const history = Array.from({ length: many }, (_, index) => {
    const kind = random.integer(2) === 0 ? 0 : 1;
    const choice = selector.choose(situationOf(index, kind, changes));
    const earned = reward(kind, choice.arm);
    selector.learn(choice, earned);
    return { kind, choice, earned, runbook: reward(kind, 0) };
  });
  return { selector, history };
}

describe('selection that learns', () => {
  test('finds the remedy that the runbook does not know and keeps the one it does', () => {
    const { history } = play(400);
    const late = history.slice(300);
    expect(late.filter(({ kind, choice }) => choice.arm === (kind === 0 ? 0 : 2)).length).toBeGreaterThan(90);
  });

  test('never falls more than a tenth behind the runbook on the way', () => {
    let [own, theirs] = [0, 0];
    for (const { earned, runbook } of play(400).history) {
      own += earned;
      theirs += runbook;
      expect(own).toBeGreaterThan(0.9 * theirs - 1);
    }
  });

  test('stays with the runbook where the charter grants no exploring', () => {
    const { history } = play(60, { mayExplore: false });
    expect(history.every(({ choice }) => choice.arm === 0 && choice.propensities[0] === 1)).toBe(true);
    expect(history.some(({ choice }) => choice.held === 'charter')).toBe(true);
  });

  test('does not take what policy forbids', () => {
    const { history } = play(200, { allowed: [true, true, false] });
    expect(history.some(({ choice }) => choice.arm === 2)).toBe(false);
    for (const { choice } of history) expect(choice.propensities[2]).toBe(0);
  });

  test('logs chances that add up, with the taken one above zero', () => {
    for (const { choice } of play(150).history) {
      expect(choice.propensities.reduce((sum, chance) => sum + chance, 0)).toBeCloseTo(1, 9);
      expect(choice.propensities[choice.arm]).toBeGreaterThan(0);
    }
  });

  test('repeats a choice from its record', () => {
    const [first, second] = [play(50), play(50)];
    expect(second.history.map(({ choice }) => choice)).toEqual(first.history.map(({ choice }) => choice));
    const situation = situationOf(99, 1);
    expect(first.selector.choose(situation).propensities).toEqual(second.selector.choose(situation).propensities);
  });

  test('takes rewards late and in any order', () => {
    const selector = selectorOf();
    const choices = Array.from({ length: 40 }, (_, index) => selector.choose(situationOf(index, 0)));
    for (const choice of choices.toReversed()) selector.learn(choice, rewardOf(0, choice.arm));
    const [restart = 0, scale = 1] = selector.expectationOf(situationOf(41, 0));
    expect(restart).toBeGreaterThan(scale);
  });

  test('notices soon when a remedy stops working', () => {
    const { selector } = play(300);
    const after = Array.from({ length: 50 }, (_, index) => {
      const choice = selector.choose(situationOf(1_000 + index, 0));
      selector.learn(choice, choice.arm === 1 ? 0.8 : 0.05);
      return choice.arm;
    });
    expect(after.slice(-10).filter((arm) => arm === 1).length).toBeGreaterThan(7);
  });
});

describe('the linear belief', () => {
  test('is the closed-form posterior', () => {
    const belief = createLinearBelief(1, 2, 0.5);
    observeAt(belief, [1], 1);
    observeAt(belief, [2], 3);
    // precision 1/2 + (1 + 4)/0.5 = 10.5, pull (1 + 6)/0.5 = 14
    expect(predictAt(belief, [1])).toEqual({
      mean: expect.closeTo(14 / 10.5, 9),
      deviation: expect.closeTo(Math.sqrt(1 / 10.5), 9),
    });
  });

  test('keeps its inverse exact through many observations and a partial loss of memory', () => {
    const random = createRandom(1);
    const belief = createLinearBelief(4, 1, 0.2);
    for (let index = 0; index < 200; index++) observeAt(belief, [1, ...Array.from({ length: 3 }, random.normal)], 1);
    const check = () => {
      const exact = inverseOf(belief.precision, 4);
      for (const [index, value] of belief.covariance.entries()) expect(value).toBeCloseTo(exact[index] ?? 0, 8);
    };
    check();
    forgetTo(belief, 0.1);
    check();
    forgetTo(belief, 0);
    expect(predictAt(belief, [1, 0, 0, 0])).toEqual({ mean: expect.closeTo(0, 9), deviation: expect.closeTo(1, 9) });
  });
});

describe('draws', () => {
  test('depend on the text of the seed alone', () => {
    const draws = (text: string) => Array.from({ length: 3 }, createRandom(seedOf(text)).uniform);
    expect(draws('a')).toEqual(draws('a'));
    expect(draws('a')).not.toEqual(draws('b'));
  });

  test('of the normal have mean 0 and variance 1', () => {
    const random = createRandom(9);
    const values = Array.from({ length: 20_000 }, random.normal);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeCloseTo(0, 1);
    expect(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length).toBeCloseTo(1, 1);
  });
});
