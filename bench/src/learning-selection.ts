import { createActionSelector, createRandom, type Random, selectorDefaults } from '@charter/learning';
import { type FaultSituation, featureCount, remedies } from './learning-situations.ts';

/** Mean regret per incident up to some incidents, and what happened on the way. */
export interface SelectionRun {
  readonly regretAt: (incidents: number) => { readonly learned: number; readonly runbook: number };
  /** Least ratio of the learner's summed reward to the runbook's, from the 50th incident on. */
  readonly lowestShare: number;
  /** Incidents after the change until the mean regret of the next 25 is near the level before it; null: never. */
  readonly recoveredAfter: number | null;
}

export interface SelectionOptions {
  readonly incidents: number;
  readonly afterChange: number;
  readonly seed: number;
  /** The runbook as prior, or nothing known at the start. */
  readonly prior: boolean;
}

const runbookExpected = 0.6;
const othersExpected = 0.25;
/** A remedy that works fails this often all the same. */
export const badLuck = 0.05;
const recoveryWindow = 25;

/** Incidents drawn from the situations; after `incidents` of them scaling up stops working. */
export function simulateSelection(situations: readonly FaultSituation[], options: SelectionOptions): SelectionRun {
  const random = createRandom(options.seed);
  const faults = [...Map.groupBy(situations, ({ kind, component }) => `${kind} ${component}`).values()];
  const selector = createActionSelector({
    arms: remedies.map(({ name }) => name),
    width: featureCount,
    ...selectorDefaults,
  });
  const rounds: Round[] = [];
  for (let index = 0; index < options.incidents + options.afterChange; index++) {
    const situation = drawn(faults, random);
    if (!situation) continue;
    const changed = index >= options.incidents;
    const rewards = situation.rewards.map((reward, arm) =>
      changed && remedies[arm]?.name === 'scale up' ? 0 : reward,
    );
    const choice = selector.choose({
      id: `${String(options.seed)}/${String(index)}`,
      features: situation.features,
      expected: remedies.map((_, arm) =>
        !options.prior ? 0.5 : arm === situation.runbook ? runbookExpected : othersExpected,
      ),
      runbook: situation.runbook,
      allowed: remedies.map(() => true),
      mayExplore: true,
    });
    const works = random.uniform() >= badLuck ? 1 : 0;
    selector.learn(choice, works * (rewards[choice.arm] ?? 0));
    rounds.push({
      best: Math.max(...rewards),
      runbook: rewards[situation.runbook] ?? 0,
      learned: rewards[choice.arm] ?? 0,
    });
  }
  return measureRun(rounds, options.incidents);
}

/** Rewards of one incident: the best there was, the runbook's and the learner's. */
export interface Round {
  readonly best: number;
  readonly runbook: number;
  readonly learned: number;
}

/** What became of a run whose world changed after so many incidents. */
export function measureRun(rounds: readonly Round[], incidents: number): SelectionRun {
  const meanOf = (from: number, to: number, of: 'learned' | 'runbook'): number => {
    const some = rounds.slice(from, to);
    return some.reduce((sum, round) => sum + round.best - round[of], 0) / Math.max(1, some.length);
  };
  let [own, theirs, lowestShare] = [0, 0, 1];
  for (const [index, round] of rounds.slice(0, incidents).entries()) {
    own += round.learned;
    theirs += round.runbook;
    if (index >= 50) lowestShare = Math.min(lowestShare, own / theirs);
  }
  const before = meanOf(incidents - 200, incidents, 'learned');
  const recovered = Array.from(
    { length: Math.max(0, rounds.length - incidents - recoveryWindow) },
    (_, after) => after,
  ).find((after) => {
    const from = incidents + after;
    return meanOf(from, from + recoveryWindow, 'learned') <= before + 0.05;
  });
  return {
    regretAt: (many) => ({ learned: meanOf(0, many, 'learned'), runbook: meanOf(0, many, 'runbook') }),
    lowestShare,
    recoveredAfter: recovered ?? null,
  };
}

export function drawn(faults: ReadonlyArray<readonly FaultSituation[]>, random: Random): FaultSituation | undefined {
  const ofFault = faults[random.integer(faults.length)] ?? [];
  return ofFault[random.integer(ofFault.length)];
}
