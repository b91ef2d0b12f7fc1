import { createRandom, type LadderBelief, learnClimb, planLadder, samplePlan } from '@charter/learning';
import { actionProfiles } from '@charter/shared/contracts';
import { type FaultSituation, remedies } from './learning-situations.ts';

/** Mean seconds to recover. */
export interface LadderResult {
  readonly incidents: number;
  readonly ladder: number;
  readonly learned: number;
  /** Over the second half of the incidents. */
  readonly learnedLate: number;
  readonly oracle: number;
}

const verifySeconds = 14;
const costSeconds = 40;
const giveUpSeconds = 900;
const badLuck = 0.1;
const priorTrials = 2;
/** A symptom's ladder has at most so many rungs. */
const rungCount = 8;

/**
 * One symptom, several hidden causes: every fault of the testbed for which the runbook says the same first remedy. The ladder
 * climbs from there by cost; the learner plans again for each incident from a draw of what it knows.
 */
export function simulateLadder(situations: readonly FaultSituation[], incidents: number, seed: number): LadderResult {
  const symptom = mostCommon(situations.map(({ runbook }) => runbook));
  const faults = situations.filter(({ runbook }) => runbook === symptom);
  const order = [symptom, ...byCost(symptom)].slice(0, rungCount);
  const rungs = order.map((arm) => ({ name: remedies[arm]?.name ?? '', seconds: secondsOf(arm) }));
  const helps = (fault: FaultSituation, rung: number): boolean => (fault.rewards[order[rung] ?? -1] ?? 0) > 0;
  const oracle = planLadder(rungs, giveUpSeconds, (failed, rung) => {
    const weights = faults.map((fault) =>
      order.reduce((weight, _, other) => (failed & (1 << other) && helps(fault, other) ? weight * badLuck : weight), 1),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const helped = weights.reduce((sum, weight, index) => sum + (isHelped(faults[index], rung) ? weight : 0), 0);
    return ((1 - badLuck) * helped) / total;
  });
  function isHelped(fault: FaultSituation | undefined, rung: number): boolean {
    return fault !== undefined && helps(fault, rung);
  }

  const random = createRandom(seed);
  let belief: LadderBelief = {
    rungs,
    expected: rungs.map((_, rung) => (rung === 0 ? 0.6 : 0.3)),
    priorTrials,
    giveUpSeconds,
    counts: new Map(),
  };
  const sums = { ladder: 0, learned: 0, late: 0, oracle: 0 };
  const half = Math.floor(incidents / 2);
  for (let incident = 0; incident < incidents; incident++) {
    const fault = faults[random.integer(faults.length)];
    if (!fault) continue;
    const luck = rungs.map((_, rung) => helps(fault, rung) && random.uniform() >= badLuck);
    const plan = samplePlan(belief, createRandom(seed * 1_000_003 + incident));
    const climbed = climb(plan.next, rungs, luck);
    belief = learnClimb(belief, climbed.tried, climbed.solved);
    sums.learned += climbed.seconds;
    if (incident >= half) sums.late += climbed.seconds;
    sums.oracle += climb(oracle.next, rungs, luck).seconds;
    sums.ladder += climb(ladderNext(rungs.length), rungs, luck).seconds;
  }
  return {
    incidents,
    ladder: sums.ladder / incidents,
    learned: sums.learned / incidents,
    learnedLate: sums.late / (incidents - half),
    oracle: sums.oracle / incidents,
  };
}

function climb(
  next: ReadonlyArray<number | null>,
  rungs: ReadonlyArray<{ readonly seconds: number }>,
  luck: readonly boolean[],
): { tried: number[]; solved: boolean; seconds: number } {
  const tried: number[] = [];
  let [failed, seconds] = [0, 0];
  for (let rung = next[0] ?? null; rung !== null; rung = next[failed] ?? null) {
    tried.push(rung);
    seconds += rungs[rung]?.seconds ?? 0;
    if (luck[rung]) return { tried, solved: true, seconds };
    failed |= 1 << rung;
  }
  return { tried, solved: false, seconds: seconds + giveUpSeconds };
}

/** The ladder as a plan: the first rung that did not fail yet. */
const ladderNext = (count: number): Array<number | null> =>
  Array.from({ length: 1 << count }, (_, failed) => {
    const rung = Array.from({ length: count }, (__, index) => index).find((index) => !(failed & (1 << index)));
    return rung ?? null;
  });

const secondsOf = (arm: number): number => {
  const remedy = remedies[arm];
  return verifySeconds + costSeconds * (remedy ? actionProfiles[remedy.action].cost : 1);
};

const byCost = (first: number): number[] =>
  remedies
    .map((_, arm) => arm)
    .filter((arm) => arm !== first)
    .toSorted((a, b) => secondsOf(a) - secondsOf(b) || a - b);

function mostCommon(values: readonly number[]): number {
  const groups = [...Map.groupBy(values, (value) => value)].toSorted(([, a], [, b]) => b.length - a.length);
  return groups[0]?.[0] ?? 0;
}
