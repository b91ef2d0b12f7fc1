import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { FAULT_KINDS } from '@charter/app-testbed/model';
import type { Simulation } from '../simulation.ts';
import { type ExperimentResult, runExperiment, type Score, scoreOf } from './experiment.ts';
import { explainFault } from './explain.ts';
import { faultText } from './faults.ts';
import type { Trial } from './trial.ts';

const usage =
  'npm run simulate -- testbed [--faults 200] [--hours 200] [--seed 1] [--json FILE] [--explain SEED of a fault]';

/** The loop on the testbed under a virtual clock, beside threshold rules and doing nothing, on the same seeds. */
export const run: Simulation = async (args, print) => {
  const flags = flagsFrom(args);
  if (typeof flags === 'string') {
    print(`${flags}\n${usage}`);
    return 2;
  }
  if (flags.explain !== null) {
    for (const line of await explainFault(flags.explain)) print(line);
    return 0;
  }
  const { faults, hours, seed } = flags;
  const result = await runExperiment({
    ...{ faults, hours, seed },
    onTrial: (trial) => {
      if (!isAsHoped(trial)) print(sentenceFor(trial));
    },
    onCalm: ({ told, seed: ofRun }) => {
      for (const { stage, text } of told) if (stage === 'execute') print(`fault-free run ${String(ofRun)}: ${text}`);
    },
  });
  print(`\n${String(faults)} faults of seed ${String(seed)}, ${String(hours)} h without a fault`);
  for (const line of aligned(tableOf(result.scores))) print(line);
  print('\nby kind: recovered, mean seconds to recover');
  for (const line of aligned(kindsOf(result))) print(line);
  print(`\n${result.simulatedHours.toFixed(0)} simulated hours, ${result.hoursPerMinute.toFixed(0)} a minute`);
  if (flags.json !== null) await writeFile(flags.json, `${JSON.stringify(recordOf(flags, result), null, 2)}\n`);
  return 0;
};

interface Flags {
  readonly faults: number;
  readonly hours: number;
  readonly seed: number;
  readonly explain: number | null;
  readonly json: string | null;
}

function flagsFrom(args: readonly string[]): Flags | string {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...{ json: text, explain: text },
        ...{ faults: { ...text, default: '200' }, hours: { ...text, default: '200' }, seed: { ...text, default: '1' } },
      },
    });
    const whole = (name: string, value: string): number => {
      if (!/^\d{1,9}$/.test(value)) throw new TypeError(`--${name} ${value} is not a whole number`);
      return Number(value);
    };
    return {
      faults: whole('faults', values.faults),
      hours: whole('hours', values.hours),
      seed: whole('seed', values.seed),
      explain: values.explain === undefined ? null : whole('explain', values.explain),
      json: values.json ?? null,
    };
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/** Worth a line of its own: what Charter did not heal, did harm to, or acted on in vain. */
const isAsHoped = ({ passages: { charter } }: Trial): boolean =>
  charter !== undefined &&
  (charter.recoveredAfter !== null
    ? charter.actions.every(({ judged }) => judged?.harmful !== true)
    : charter.actions.length === 0);

function sentenceFor({ fault, passages: { charter } }: Trial): string {
  const how = charter?.recoveredAfter == null ? 'not recovered' : `recovered after ${String(charter.recoveredAfter)} s`;
  const acts = (charter?.actions ?? []).map(
    ({ after, component, order, judged }) =>
      `${String(after)} s ${order.actuator} ${component}${judged?.harmful ? ' (harmful)' : ''}`,
  );
  return `${faultText(fault)}: ${how}; ${acts.join(', ') || 'nothing was done'}`;
}

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
const seconds = (value: number): string => `${value.toFixed(1)} s`;

/** Measures down, healers across. */
function tableOf(scores: readonly Score[]): string[][] {
  const line = (name: string, cell: (score: Score) => string): string[] => [name, ...scores.map(cell)];
  return [
    ['', ...scores.map(({ healer }) => healer)],
    line('recovered before the fault ended', ({ recovered, faults }) => percent(recovered, faults)),
    line('time to recover, mean', ({ meanSeconds }) => seconds(meanSeconds)),
    line('time to recover, median', ({ medianSeconds }) => seconds(medianSeconds)),
    line('time to recover, 95th percentile', ({ p95Seconds }) => seconds(p95Seconds)),
    line('time beside Charter, where both recovered', ({ slowerThanCharter: times }) =>
      times === null ? '–' : `${times.toFixed(2)}×`,
    ),
    line('component-seconds outside objectives a fault', ({ badSeconds }) => badSeconds.toFixed(0)),
    line('actions a fault', ({ actionsPerFault }) => actionsPerFault.toFixed(2)),
    line('harmful actions', ({ harmful, judged }) => `${percent(harmful, judged)} (${String(harmful)})`),
    line(
      'actions beside the struck component',
      ({ beside, actions }) => `${percent(beside, actions)} (${String(beside)})`,
    ),
    line('null plans a fault', ({ healer, nullPlansPerFault }) =>
      healer === 'charter' ? nullPlansPerFault.toFixed(2) : '–',
    ),
    line('left alone where nothing helps', ({ leftAlone, hopeless }) => `${String(leftAlone)} of ${String(hopeless)}`),
    line('actions in the fault-free hours', ({ calmActions }) => (calmActions === null ? '–' : String(calmActions))),
  ];
}

function kindsOf({ trials, scores: all }: ExperimentResult): string[][] {
  const healers = all.map(({ healer }) => healer);
  const rows = FAULT_KINDS.flatMap((kind) => {
    const own = trials.filter(({ fault }) => fault.kind === kind);
    const scores = healers.map((healer) => scoreOf(healer, own, []));
    if (!scores.some(({ faults }) => faults > 0)) return [];
    return [
      [
        kind,
        ...scores.map((one) => `${String(one.recovered)} of ${String(one.faults)}, ${one.meanSeconds.toFixed(0)} s`),
      ],
    ];
  });
  return [['', ...healers], ...rows];
}

function aligned(table: readonly string[][]): string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0);
  return table.map((row) => row.map(pad).join('  ').trimEnd());
}

const recordOf = (flags: Flags, { scores, trials, calm, simulatedHours, hoursPerMinute }: ExperimentResult) => ({
  ...{ faults: flags.faults, hours: flags.hours, seed: flags.seed, simulatedHours, hoursPerMinute, scores },
  trials: trials.map(({ fault, passages }) => ({ fault, passages })),
  calm: calm.map(({ seed, hours, incidents, actions }) => ({ seed, hours, incidents, actions })),
});
