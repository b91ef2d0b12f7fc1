import { describe, expect, test } from 'vitest';
import {
  createRandom,
  doublyRobust,
  drawBeta,
  inversePropensity,
  type LadderBelief,
  type LoggedChoice,
  learnClimb,
  planLadder,
  samplePlan,
  shrunkDoublyRobust,
} from '../src/index.ts';

describe('off-policy evaluation', () => {
  /** Two actions; the log took the first one nine times in ten, the policy in question always takes the second. */
  function logOf(many: number, seed: number, modelled = 0.5): LoggedChoice[] {
    const random = createRandom(seed);
    return Array.from({ length: many }, () => {
      const second = random.uniform() < 0.1;
      return {
        reward: random.uniform() < (second ? 0.8 : 0.3) ? 1 : 0,
        propensity: second ? 0.1 : 0.9,
        chance: second ? 1 : 0,
        modelled: second ? modelled : 0.3,
        expected: modelled,
      };
    });
  }
  const many = Array.from({ length: 100 }, (_, seed) => logOf(400, seed));
  const meanOf = (estimate: (log: LoggedChoice[]) => { value: number }) =>
    many.reduce((sum, log) => sum + estimate(log).value, 0) / many.length;
  const errorOf = (estimate: (log: LoggedChoice[]) => { value: number }) =>
    Math.sqrt(many.reduce((sum, log) => sum + (estimate(log).value - 0.8) ** 2, 0) / many.length);

  test('finds what a policy that never acted would have earned', () => {
    expect(meanOf(inversePropensity)).toBeCloseTo(0.8, 1);
    expect(meanOf(doublyRobust)).toBeCloseTo(0.8, 1);
    expect(meanOf(shrunkDoublyRobust)).toBeCloseTo(0.8, 1);
  });

  test('errs less with a model and shrunk weights than with weights alone', () => {
    expect(errorOf(shrunkDoublyRobust)).toBeLessThan(errorOf(inversePropensity));
  });

  test('is exact where the model is right and rewards are certain', () => {
    const log = logOf(50, 1).map((one) => ({ ...one, reward: one.modelled }));
    expect(doublyRobust(log)).toMatchObject({ value: 0.5, lower: 0.5, upper: 0.5 });
  });

  test('has 90 % intervals that hold the truth about that often', () => {
    const held = many.filter((log) => {
      const { lower, upper } = shrunkDoublyRobust(log);
      return lower <= 0.8 && 0.8 <= upper;
    });
    expect(held.length).toBeGreaterThanOrEqual(84);
  });
});

describe('the remedy ladder', () => {
  const rungs = [
    { name: 'restart', seconds: 10 },
    { name: 'scale', seconds: 10 },
    { name: 'roll back', seconds: 40 },
  ];

  test('is climbed in the order of chance over time when failures tell nothing', () => {
    const plan = planLadder(rungs, 1_000, (_failed, rung) => [0.2, 0.6, 0.9][rung] ?? 0);
    expect(plan.next.slice(0, 3)).toEqual([1, 1, 2]);
    expect(plan.seconds[0]).toBeCloseTo(10 + 0.4 * (40 + 0.1 * (10 + 0.8 * 1_000)), 6);
  });

  test('turns elsewhere when a failure says that the like will fail too', () => {
    const alike = (failed: number, rung: number) => (rung === 1 && failed & 1 ? 0.01 : ([0.5, 0.45, 0.4][rung] ?? 0));
    const plan = planLadder(rungs, 1_000, alike);
    expect(plan.next[0]).toBe(1);
    expect(planLadder(rungs, 1_000, () => 0.4).next[1]).toBe(1);
    expect(planLadder(rungs, 1_000, (failed, rung) => (failed === 0 ? 0.5 : alike(failed, rung))).next[1]).toBe(2);
  });

  test('hands over to a person when trying costs more than it brings', () => {
    expect(planLadder(rungs, 20, () => 0.1).next).toEqual([null, null, null, null, null, null, null, null]);
  });

  test('starts as its authors expect and learns the order that works', () => {
    const random = createRandom(2);
    let belief: LadderBelief = {
      rungs: rungs.map((rung) => ({ ...rung, seconds: rung.name === 'restart' ? 60 : 10 })),
      expected: [0.9, 0.1, 0.1],
      priorTrials: 4,
      giveUpSeconds: 300,
      counts: new Map(),
    };
    const firsts: Array<number | null | undefined> = [];
    for (let incident = 0; incident < 200; incident++) {
      const plan = samplePlan(belief, random);
      firsts.push(plan.next[0]);
      const tried: number[] = [];
      let [failed, solved] = [0, false];
      for (let rung = plan.next[0]; !solved && rung !== null && rung !== undefined; rung = plan.next[failed]) {
        tried.push(rung);
        solved = random.uniform() < ([0.1, 0.8, 0.2][rung] ?? 0);
        failed |= 1 << rung;
      }
      belief = learnClimb(belief, tried, solved);
    }
    expect(firsts[0]).toBe(0);
    expect(firsts.slice(-50).filter((rung) => rung === 1).length).toBeGreaterThan(40);
  });

  test('refuses more rungs than can be planned exactly', () => {
    const many = Array.from({ length: 17 }, () => ({ name: 'x', seconds: 1 }));
    expect(() => planLadder(many, 1, () => 0)).toThrow(RangeError);
  });

  test('draws chances with the mean of their posterior', () => {
    const random = createRandom(4);
    const draws = Array.from({ length: 4_000 }, () => drawBeta(2, 6, random));
    expect(draws.reduce((sum, value) => sum + value, 0) / draws.length).toBeCloseTo(0.25, 1);
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  });
});
