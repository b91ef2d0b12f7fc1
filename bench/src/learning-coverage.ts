import { createRandom, inversePropensity, type LoggedChoice, type Random, shrunkDoublyRobust } from '@charter/learning';

export interface CoverageResult {
  readonly logs: number;
  /** Share of logs whose 90 % interval holds the true value. */
  readonly shrunk: number;
  readonly ips: number;
  /** Mean width of those intervals. */
  readonly shrunkWidth: number;
  readonly ipsWidth: number;
}

const arms = 6;
const choicesPerLog = 1_000;

interface Context {
  readonly rewards: readonly number[];
  readonly modelled: readonly number[];
  readonly propensities: readonly number[];
  readonly chances: readonly number[];
}

/**
 * Simulated logs of a remedy policy: six actions, success chances that depend on the situation, a reward model that is off by
 * a fixed error, a logging policy that favors the runbook and an evaluated one that favors what helps.
 */
export function simulateCoverage(logs: number, seed: number): CoverageResult {
  const random = createRandom(seed);
  const truth = trueValue(createRandom(seed + 1));
  const hits = { shrunk: 0, ips: 0 };
  const widths = { shrunk: 0, ips: 0 };
  for (let log = 0; log < logs; log++) {
    const entries = Array.from({ length: choicesPerLog }, () => loggedChoice(random));
    for (const [name, estimate] of [
      ['shrunk', shrunkDoublyRobust(entries)],
      ['ips', inversePropensity(entries)],
    ] as const) {
      if (estimate.lower <= truth && truth <= estimate.upper) hits[name] += 1;
      widths[name] += (estimate.upper - estimate.lower) / logs;
    }
  }
  return {
    logs,
    shrunk: hits.shrunk / logs,
    ips: hits.ips / logs,
    shrunkWidth: widths.shrunk,
    ipsWidth: widths.ips,
  };
}

/** Value of the evaluated policy over the situations themselves, not over logged rewards. */
function trueValue(random: Random): number {
  const many = 400_000;
  let sum = 0;
  for (let index = 0; index < many; index++) {
    const { rewards, chances } = contextFrom(random);
    sum += rewards.reduce((total, reward, arm) => total + reward * (chances[arm] ?? 0), 0);
  }
  return sum / many;
}

function contextFrom(random: Random): Context {
  const severity = random.uniform();
  const kind = random.integer(arms);
  const rewards = Array.from({ length: arms }, (_, arm) =>
    arm === kind ? 0.9 - 0.3 * severity : 0.1 + 0.2 * severity,
  );
  const modelled = rewards.map((reward, arm) => 0.6 * reward + 0.1 + 0.03 * arm);
  const guess = random.uniform() < 0.6 ? kind : 0;
  const soft = (best: number, floor: number): number[] =>
    Array.from({ length: arms }, (_, arm) => floor / arms + (arm === best ? 1 - floor : 0));
  return { rewards, modelled, propensities: soft(guess, 0.3), chances: soft(kind, 0.05) };
}

function loggedChoice(random: Random): LoggedChoice {
  const { rewards, modelled, propensities, chances } = contextFrom(random);
  let arm = 0;
  for (let left = random.uniform() - (propensities[0] ?? 0); left >= 0 && arm < arms - 1; ) {
    arm += 1;
    left -= propensities[arm] ?? 0;
  }
  return {
    reward: random.uniform() < (rewards[arm] ?? 0) ? 1 : 0,
    propensity: propensities[arm] ?? 1,
    chance: chances[arm] ?? 0,
    modelled: modelled[arm] ?? 0,
    expected: modelled.reduce((sum, value, index) => sum + value * (chances[index] ?? 0), 0),
  };
}
