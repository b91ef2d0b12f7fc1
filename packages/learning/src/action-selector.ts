import { settleChoice } from './conservative-choice.ts';
import { createLinearBelief, forgetTo, type LinearBelief, observeAt, predictAt } from './linear-belief.ts';
import { createRandom, seedOf } from './random.ts';

export interface SelectorSettings {
  /** Names of what can be chosen. */
  readonly arms: readonly string[];
  /** Length of a situation's features; the first one should be the constant 1. */
  readonly width: number;
  /** How far an arm's reward may lie from the runbook's expectation, as a variance per feature. */
  readonly priorVariance: number;
  /** Variance of a single reward around its expectation. */
  readonly noise: number;
  /** Share of the runbook's reward that exploring may cost at most, over any time. */
  readonly budget: number;
  /** Draws behind the logged propensities. */
  readonly draws: number;
}

export const selectorDefaults = { priorVariance: 0.02, noise: 0.07, budget: 0.1, draws: 200 } as const;

/** One choice to make. Rewards lie in [0, 1]. */
export interface Situation {
  /** Identity of the record: it seeds the draws, so that a choice can be repeated from its record. */
  readonly id: string;
  readonly features: readonly number[];
  /** What the runbook expects of each arm. */
  readonly expected: readonly number[];
  /** The arm the runbook takes. */
  readonly runbook: number;
  /** Which arms policy allows; the runbook's is always among them. */
  readonly allowed: readonly boolean[];
  /** Whether the charter lets this choice leave the runbook at all. */
  readonly mayExplore: boolean;
}

/** What was chosen and with which chances: everything that replay and off-policy evaluation need. */
export interface Choice {
  readonly situation: Situation;
  readonly arm: number;
  readonly propensities: readonly number[];
  /** Why not what the draw said; null when it stands. */
  readonly held: 'charter' | 'budget' | null;
  /** Lower bound of the reward that the budget was charged with, null for the runbook's own arm. */
  readonly charged: number | null;
}

export interface ActionSelector {
  choose(situation: Situation): Choice;
  /** The reward of a choice, whenever it is known. */
  learn(choice: Choice, reward: number): void;
  /** Expected reward of each arm now. */
  expectationOf(situation: Situation): number[];
  /** Reward saved up for exploring. */
  budgetLeft(): number;
}

interface Arm {
  readonly belief: LinearBelief;
  /** Page's cumulative sums of surprises, for worse and for better. */
  worse: number;
  better: number;
}

/** Drift that a cumulative sum forgives per reward, and where it calls a change; both in standard deviations. */
const surprise = { slack: 0.5, limit: 4, kept: 0.05 } as const;

/**
 * Thompson sampling on Bayesian linear regression of what the runbook does not expect (Agrawal and Goyal 2013), held to a
 * conservative budget (Wu et al. 2016), with a reset of an arm whose rewards change (Page 1954).
 */
export function createActionSelector(settings: SelectorSettings): ActionSelector {
  const { width, priorVariance, noise, budget, draws } = settings;
  const arms: Arm[] = settings.arms.map(() => ({
    belief: createLinearBelief(width, priorVariance, noise),
    worse: 0,
    better: 0,
  }));
  let saved = 0;

  function predict({ features, expected }: Situation): Array<{ mean: number; deviation: number }> {
    return arms.map(({ belief }, index) => {
      const { mean, deviation } = predictAt(belief, features);
      return { mean: mean + (expected[index] ?? 0), deviation };
    });
  }

  return {
    choose(situation) {
      const { runbook, allowed, mayExplore } = situation;
      const beliefs = predict(situation);
      const random = createRandom(seedOf(situation.id));
      const wins = new Array<number>(arms.length).fill(0);
      for (let draw = 0; draw < draws; draw++) {
        let [best, highest] = [runbook, Number.NEGATIVE_INFINITY];
        for (const [index, { mean, deviation }] of beliefs.entries()) {
          if (!allowed[index] && index !== runbook) continue;
          const sampled = mean + deviation * random.normal();
          if (sampled > highest) [best, highest] = [index, sampled];
        }
        wins[best] = (wins[best] ?? 0) + 1;
      }
      const at = random.uniform();
      const settled = settleChoice({ wins, expected: beliefs, runbook, mayExplore, saved, budget, at });
      saved += settled.credit;
      const { arm, propensities, held, charged } = settled;
      return { situation, arm, propensities, held, charged };
    },

    learn({ situation, arm: index, charged }, reward) {
      const arm = arms[index];
      if (!arm) return;
      const { features, expected } = situation;
      if (charged !== null) saved += reward - charged;
      const before = predictAt(arm.belief, features);
      const residual = reward - (expected[index] ?? 0);
      const z = (residual - before.mean) / Math.sqrt(noise + before.deviation ** 2);
      arm.worse = Math.max(0, arm.worse - z - surprise.slack);
      arm.better = Math.max(0, arm.better + z - surprise.slack);
      if (Math.max(arm.worse, arm.better) > surprise.limit) {
        forgetTo(arm.belief, surprise.kept);
        arm.worse = 0;
        arm.better = 0;
      }
      observeAt(arm.belief, features, residual);
    },

    expectationOf: (situation) => predict(situation).map(({ mean }) => mean),
    budgetLeft: () => saved,
  };
}
