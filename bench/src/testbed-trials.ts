import { FAULT_KINDS } from '@charter/app-testbed/model';
import type { BenchRow } from './bench-row.ts';
import { row } from './learning-table.ts';
import { runCalm } from './testbed-days.ts';
import { drawTrials, runTrial, type TrialResult } from './testbed-trial.ts';

const daySeconds = 86_400;

/**
 * Does the loop blame the right component? Seeded faults on the testbed under the virtual clock, found by Monitor's and
 * Analyze's own code from the series that the demo pack names, and days without any fault. `--quick` plays fewer.
 */
export async function run(args: readonly string[] = []): Promise<BenchRow[]> {
  const quick = args.includes('--quick');
  const results: TrialResult[] = [];
  for (const trial of drawTrials(FAULT_KINDS.length * (quick ? 4 : 200))) results.push(await runTrial(trial));
  for (const result of results) if (!isRight(result)) console.log(sentenceFor(result));
  const rows = FAULT_KINDS.map((kind) =>
    shareRow(
      kind,
      results.filter(({ trial }) => trial.kind === kind),
    ),
  );
  return [...rows, shareRow('all kinds', results), ...calmRows(quick ? [1] : [1, 2, 3], quick ? 3_600 : daySeconds)];
}

export const isRight = ({ blamed, trial }: TrialResult): boolean => blamed === trial.component;

const shareOf = (results: readonly TrialResult[], isGood: (result: TrialResult) => boolean): number =>
  results.filter(isGood).length / results.length;

const shareRow = (name: string, results: readonly TrialResult[]): BenchRow =>
  row({
    name: `right component first: ${name}, ${String(results.length)} trials`,
    value: shareOf(results, isRight),
    unit: 'share',
    better: 'higher',
    reference: ['first to fire', shareOf(results, ({ firstFired, trial }) => firstFired === trial.component)],
    target: '>= 0.95',
  });

function calmRows(seeds: readonly number[], seconds: number): BenchRow[] {
  const counts = seeds.map((seed) => runCalm(seed, seconds).incidents.length);
  return [
    row({
      name: `false incidents in ${String(seconds / 3_600)} h without a fault, worst of ${String(seeds.length)} seeds`,
      value: Math.max(...counts),
      unit: 'incidents',
      better: 'lower',
      reference: ['allowed a day', 1],
      target: '<= 1',
    }),
  ];
}

function sentenceFor({ trial, detectedAfterSeconds, firstFired, blamed, metric, confidence, looks }: TrialResult) {
  const { seed, kind, component, intensity, hourOfDay } = trial;
  const what = `seed ${String(seed)}: ${kind} of ${component} at ${intensity.toFixed(2)}, hour ${hourOfDay.toFixed(1)}`;
  if (detectedAfterSeconds === null) return `${what}: nothing fired`;
  const how = `${String(looks)} looks, confidence ${confidence.toFixed(2)}`;
  return `${what}: ${String(firstFired)} fired after ${String(detectedAfterSeconds)} s, blamed ${String(blamed)} (${String(metric)}; ${how})`;
}
