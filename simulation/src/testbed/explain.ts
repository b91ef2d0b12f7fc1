import { ruleTimings } from './experiment.ts';
import { drawFaults, faultText, numberOf, runSeedOf, seedOf } from './faults.ts';
import { createKnowledge } from './knowledge.ts';
import { runTrial, type Trial } from './trial.ts';

/** What each stage saw and did about one fault of a run, after it learned from the faults before. */
export async function explainFault(seed: number): Promise<string[]> {
  const runSeed = runSeedOf(seed);
  const faults = drawFaults(numberOf(seed), runSeed);
  const fault = faults.at(-1);
  if (!fault)
    return [`No fault has the seed ${String(seed)}; those of run S begin at ${String(seedOf(1, 1))} for S = 1`];
  const knowledge = createKnowledge();
  for (const earlier of faults.slice(0, -1)) await runTrial(earlier, knowledge, {});
  return linesFor(await runTrial(fault, knowledge, ruleTimings));
}

function linesFor({ fault, passages, told }: Trial): string[] {
  const stages = told.map(
    ({ second, stage, text }) => `${second.toFixed(0).padStart(5)} s  ${stage.padEnd(9)}  ${text}`,
  );
  const ends = Object.entries(passages).map(([healer, { recoveredAfter, badSeconds, actions }]) => {
    const how = recoveredAfter === null ? 'not before the fault ended' : `after ${String(recoveredAfter)} s`;
    return `${healer}: recovered ${how}, ${String(badSeconds)} component-seconds outside objectives, ${String(actions.length)} actions`;
  });
  return [`Fault ${faultText(fault)}; seconds since it struck`, ...stages, '', ...ends];
}
