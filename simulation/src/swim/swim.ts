import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Simulation } from '../simulation.ts';
import { type ExperimentResult, runExperiment } from './experiment.ts';
import { numberFlag, settingsFrom } from './options.ts';
import type { SwimSettings } from './settings.ts';
import { readTrace, TraceError } from './trace.ts';
import { type UtilityName, utilityNames } from './utility.ts';

const usage =
  'npm run simulate -- swim [--seeds 20] [--trace FILE] [--boot-delay 60] [--servers 3] [--utility current|older] [--json FILE]';

/** The web system under a virtual clock: every policy on the same traces. Both utilities unless one is asked for. */
export const run: Simulation = async (args, print) => {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string', default: '20' },
        trace: { type: 'string' },
        'boot-delay': { type: 'string' },
        servers: { type: 'string' },
        utility: { type: 'string' },
        json: { type: 'string' },
      },
    });
    const seeds = numberFlag('seeds', values.seeds, { least: 1, most: 100_000, whole: true });
    const settings = settingsFrom(values);
    const chosen = values.utility === undefined ? utilityNames : [utilityFrom(values.utility)];
    const trace = values.trace === undefined ? undefined : await readTrace(values.trace);
    const written: Record<string, ExperimentResult> = {};
    for (const utility of chosen) {
      const result = runExperiment({ settings, utility, seeds, ...(trace ? { trace } : {}) });
      written[utility] = result;
      for (const line of tableOf(result, `${utility} utility, ${describe(settings, seeds, values.trace)}`)) print(line);
    }
    if (values.json !== undefined)
      await writeFile(values.json, `${JSON.stringify({ settings, seeds, ...written }, null, 2)}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof TraceError) && !(error instanceof TypeError) && !(error instanceof RangeError)) throw error;
    print(error instanceof TraceError ? error.message : `${error.message}\n${usage}`);
    return 2;
  }
};

function utilityFrom(text: string): UtilityName {
  const name = utilityNames.find((known) => known === text);
  if (!name) throw new RangeError(`--utility ${text} is not one of ${utilityNames.join(', ')}`);
  return name;
}

const describe = ({ maxServers, bootDelay }: SwimSettings, seeds: number, trace: string | undefined): string =>
  `${String(maxServers)} servers, boot ${String(bootDelay)} s, ${String(seeds)} seeds, ${trace ?? 'synthetic traces'}`;

function tableOf({ results, simulatedHours, hoursPerMinute }: ExperimentResult, title: string): string[] {
  const rows = results.map((result) => [
    result.policy,
    `${result.utility.toFixed(0)} ± ${result.standardError.toFixed(0)}`,
    result.latePeriods.toFixed(1),
    result.actions.toFixed(1),
    result.toOracle.toFixed(3),
    result.policy === 'do nothing' ? '' : String(result.belowNothing),
  ]);
  const table = [['policy', 'utility ± s.e.', 'late periods', 'actions', 'of the oracle', 'below nothing'], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? '').length)));
  return [
    `\n${title}`,
    ...table.map((row) =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    ),
    `${simulatedHours.toFixed(0)} simulated hours, ${hoursPerMinute.toFixed(0)} a minute`,
  ];
}
