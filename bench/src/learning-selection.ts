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
const badLuck = 0.05;
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
  const regrets: Array<{ learned: number; runbook: number }> = [];
  let [own, theirs, lowestShare] = [0, 0, 1];
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
    const best = Math.max(...rewards);
    const runbook = rewards[situation.runbook] ?? 0;
    const learned = rewards[choice.arm] ?? 0;
    regrets.push({ learned: best - learned, runbook: best - runbook });
    own += learned;
    theirs += runbook;
    if (index >= 50 && !changed) lowestShare = Math.min(lowestShare, own / theirs);
  }
  const meanOf = (from: number, to: number, of: 'learned' | 'runbook'): number => {
    const some = regrets.slice(from, to);
    return some.reduce((sum, regret) => sum + regret[of], 0) / Math.max(1, some.length);
  };
  const before = meanOf(options.incidents - 200, options.incidents, 'learned');
  const recovered = Array.from({ length: Math.max(0, options.afterChange - recoveryWindow) }, (_, after) => after).find(
    (after) => {
      const from = options.incidents + after;
      return meanOf(from, from + recoveryWindow, 'learned') <= before + 0.05;
    },
  );
  return {
    regretAt: (incidents) => ({ learned: meanOf(0, incidents, 'learned'), runbook: meanOf(0, incidents, 'runbook') }),
    lowestShare,
    recoveredAfter: recovered ?? null,
  };
}

function drawn(faults: ReadonlyArray<readonly FaultSituation[]>, random: Random): FaultSituation | undefined {
  const ofFault = faults[random.integer(faults.length)] ?? [];
  return ofFault[random.integer(ofFault.length)];
}
