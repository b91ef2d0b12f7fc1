/** What is expected of an arm's reward, which lies in [0, 1]. */
export interface ArmExpectation {
  readonly mean: number;
  readonly deviation: number;
}

/** Draws between arms, and what bounds them. */
export interface DrawnArms {
  /** How many draws each arm won. */
  readonly wins: readonly number[];
  readonly expected: readonly ArmExpectation[];
  /** The arm the runbook takes. */
  readonly runbook: number;
  /** Whether the charter lets this choice leave the runbook at all. */
  readonly mayExplore: boolean;
  /** Reward saved up so far. */
  readonly saved: number;
  /** Share of the runbook's reward that exploring may cost at most, over any time. */
  readonly budget: number;
  /** Uniform in [0, 1): which of the draws stands. */
  readonly at: number;
}

export interface SettledChoice {
  readonly arm: number;
  readonly propensities: readonly number[];
  /** Why not what the draw said; null when it stands. */
  readonly held: 'charter' | 'budget' | null;
  /** Lower bound of the reward that the budget was charged with, null for the runbook's own arm. */
  readonly charged: number | null;
  /** What an explored arm has to bring so that the budget neither grows nor shrinks. */
  readonly bar: number;
  /** Change of what is saved up, until the reward itself is known. */
  readonly credit: number;
}

/** Bounds of expected rewards, in standard deviations. */
const caution = 1;

/**
 * Turns draws into one choice that stays within a conservative budget (Wu et al. 2016): an arm is open while what is saved up
 * covers how far its lower bound lies below the share of the runbook's upper bound that has to be kept.
 */
export function settleChoice(drawn: DrawnArms): SettledChoice {
  const { wins, expected, runbook, mayExplore, saved, budget, at } = drawn;
  const draws = wins.reduce((sum, won) => sum + won, 0);
  const { mean, deviation } = expected[runbook] ?? { mean: 0, deviation: 0 };
  // what exploring gives up is taken at its upper bound, what it brings at its lower one
  const bar = (1 - budget) * clamp(mean + caution * deviation);
  const lowerOf = (index: number): number =>
    clamp((expected[index]?.mean ?? 0) - caution * (expected[index]?.deviation ?? 0));
  const within = (index: number): boolean => index === runbook || saved + lowerOf(index) - bar >= 0;
  const picked = pick(wins, at * draws);
  const held = !mayExplore ? 'charter' : within(picked) ? null : 'budget';
  const arm = held === null ? picked : runbook;
  const propensities = wins.map((won, index) =>
    index !== runbook && mayExplore && within(index) ? won / Math.max(1, draws) : 0,
  );
  propensities[runbook] = 1 - propensities.reduce((sum, chance) => sum + chance, 0);
  const charged = arm === runbook ? null : lowerOf(arm);
  const credit = charged === null ? budget * clamp(mean - caution * deviation) : charged - bar;
  return { arm, propensities, held: picked === runbook ? null : held, charged, bar, credit };
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

function pick(weights: readonly number[], at: number): number {
  let left = at;
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}
