import type { BetaBelief } from './belief.ts';
import type { Random } from './random.ts';

/** What one rung costs, whether it helps or not: in time, or in whatever else giving up is counted in. */
export interface Rung {
  readonly name: string;
  readonly seconds: number;
}

/** What is known of a ladder: for each set of rungs that failed before, how often each further rung helped. */
export interface LadderBelief {
  readonly rungs: readonly Rung[];
  /** What the ladder's authors expect of each rung when it is the first, and how many trials that counts for. */
  readonly expected: readonly number[];
  readonly priorTrials: number;
  /** Time until a person has solved it, once everything failed. */
  readonly giveUpSeconds: number;
  /** [successes, trials] by failed set (bit i: rung i failed) and rung. */
  readonly counts: ReadonlyMap<number, ReadonlyArray<readonly [number, number]>>;
}

/** Order that is best for given chances: what to do next for each set of failures, and the expected time from there. */
export interface LadderPlan {
  /** Rung by failed set; null: hand it to a person. */
  readonly next: ReadonlyArray<number | null>;
  readonly seconds: readonly number[];
}

const bit = (rung: number): number => 1 << rung;

/** Exact dynamic programming over all sets of failed rungs: n·2ⁿ steps, at most 16 rungs. */
export function planLadder(
  rungs: readonly Rung[],
  giveUpSeconds: number,
  chanceOf: (failed: number, rung: number) => number,
): LadderPlan {
  if (rungs.length > 16) throw new RangeError(`${String(rungs.length)} rungs are more than the 16 that can be planned`);
  const all = bit(rungs.length) - 1;
  const seconds = new Array<number>(all + 1).fill(giveUpSeconds);
  const next = new Array<number | null>(all + 1).fill(null);
  for (let failed = all - 1; failed >= 0; failed--) {
    for (const [rung, { seconds: cost }] of rungs.entries()) {
      if (failed & bit(rung)) continue;
      const rest = seconds[failed | bit(rung)] ?? giveUpSeconds;
      const total = cost + (1 - chanceOf(failed, rung)) * rest;
      if (total < (seconds[failed] ?? giveUpSeconds)) {
        seconds[failed] = total;
        next[failed] = rung;
      }
    }
  }
  return { next, seconds };
}

/** Each rung's [successes, trials] over all sets of failures before it. */
function overallOf({ rungs, counts }: LadderBelief): Array<readonly [number, number]> {
  return rungs.map((_, rung) =>
    [...counts.values()].reduce<readonly [number, number]>(
      ([successes, trials], ofSet) => {
        const [helped = 0, tried = 0] = ofSet[rung] ?? [];
        return [successes + helped, trials + tried];
      },
      [0, 0],
    ),
  );
}

/** A plan for one draw of all chances from their posteriors (posterior sampling, Osband et al. 2013). */
export function samplePlan(belief: LadderBelief, random: Random): LadderPlan {
  const { rungs, expected, priorTrials, counts, giveUpSeconds } = belief;
  // what a rung did after these very failures counts; where that is little, its record over all failures does
  const leaning = overallOf(belief).map(
    ([successes, trials], rung) => ((expected[rung] ?? 0.5) * priorTrials + successes) / (priorTrials + trials),
  );
  return planLadder(rungs, giveUpSeconds, (failed, rung) => {
    const [helped = 0, tried = 0] = counts.get(failed)?.[rung] ?? [];
    const mean = leaning[rung] ?? 0.5;
    return drawBeta(mean * priorTrials + helped, (1 - mean) * priorTrials + tried - helped, random);
  });
}

/** A rung whose first try is believed to help by its own record. */
export interface BelievedRung extends Rung {
  readonly belief: BetaBelief;
  /** Chance that the rung is meant for what is wrong, and of recovering by itself otherwise. */
  readonly meant: number;
  readonly otherwise: number;
}

export interface BelievedLadder {
  readonly rungs: readonly BelievedRung[];
  readonly giveUpSeconds: number;
  /** [successes, trials] of a rung after these rungs (bits) failed, besides what failed before this ladder. */
  readonly seen: (failed: number, rung: number) => readonly [number, number];
  /** Trials that a rung's own record counts for where others failed before it. */
  readonly carried: number;
}

/**
 * How many of so many draws say that each rung is the one to try now, by exact planning of everything that could follow.
 * Draws that would give up count for the first rung.
 */
export function drawRungs(ladder: BelievedLadder, draws: number, random: Random): number[] {
  const { rungs, giveUpSeconds, seen, carried } = ladder;
  const wins = rungs.map(() => 0);
  for (let draw = 0; draw < draws; draw++) {
    const { next } = planLadder(rungs, giveUpSeconds, (failed, index) => {
      const rung = rungs[index];
      if (!rung) return 0;
      const { alpha, beta } = rung.belief;
      const [helped, tried] = seen(failed, index);
      const kept = failed === 0 ? 1 : Math.min(1, carried / (alpha + beta));
      const chance = drawBeta(alpha * kept + helped, beta * kept + tried - helped, random);
      return rung.meant * chance + (1 - rung.meant) * rung.otherwise;
    });
    const rung = next[0] ?? 0;
    wins[rung] = (wins[rung] ?? 0) + 1;
  }
  return wins;
}

/** What one incident's climb taught: the rungs in the order they were tried, and whether the last one helped. */
export function learnClimb(belief: LadderBelief, tried: readonly number[], solved: boolean): LadderBelief {
  const counts = new Map(belief.counts);
  let failed = 0;
  for (const [index, rung] of tried.entries()) {
    const helped = solved && index === tried.length - 1 ? 1 : 0;
    const ofSet = counts.get(failed) ?? belief.rungs.map(() => [0, 0] as const);
    counts.set(
      failed,
      ofSet.map(([successes, trials], at) => (at === rung ? [successes + helped, trials + 1] : [successes, trials])),
    );
    failed |= bit(rung);
  }
  return { ...belief, counts };
}

/** A draw from Beta(alpha, beta). */
export function drawBeta(alpha: number, beta: number, random: Random): number {
  const a = drawGamma(alpha, random);
  return a / (a + drawGamma(beta, random));
}

/** A draw from Gamma(shape, 1) (Marsaglia and Tsang 2000). */
function drawGamma(shape: number, random: Random): number {
  if (shape < 1) return drawGamma(shape + 1, random) * (1 - random.uniform()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
