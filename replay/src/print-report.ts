import type { BackcastReport } from './backcast/backcast.ts';
import type { ReplayReport, Spent } from './tally-replay.ts';

const shown = 20;

/** A report as a table for people. */
export function textOf(report: ReplayReport | BackcastReport): string {
  const rows = report.kind === 'replay' ? replayRows(report) : backcastRows(report);
  const { different, byKind, verdicts, differences } = report;
  const lines = [
    ...aligned([['what', 'before', 'after'], ...rows, ...spentRows(report.spent.before, report.spent.after)]),
    '',
    different === 0 ? 'No difference.' : `${String(different)} differences: ${counted(byKind)}`,
    ...(Object.keys(verdicts).length > 0 ? [`Verdicts that changed: ${counted(verdicts)}`] : []),
  ];
  if (different === 0) return lines.join('\n');
  const table = differences
    .slice(0, shown)
    .map(({ kind, at, component, before, after, reason }) => [kind, at, component, before, after, reason.slice(0, 90)]);
  const rest = different - Math.min(shown, differences.length);
  return [
    ...lines,
    '',
    ...aligned([['difference', 'at', 'component', 'before', 'after', 'because'], ...table]),
    ...(rest > 0 ? [`... and ${String(rest)} more; --json FILE has them`] : []),
  ].join('\n');
}

type Row = readonly string[];

function replayRows(report: ReplayReport): Row[] {
  const { decisions, incidents, recomputed, healedAlone, success, seconds } = report;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const stages = Object.entries(recomputed).map(([stage, count]) => `${stage} ${String(count)}`);
  return [
    ['decisions', String(decisions), ''],
    ['incidents', String(incidents), ''],
    ['decided again', '', stages.join(', ')],
    ['healed by themselves', String(healedAlone), ''],
    ...(success
      ? [
          [
            `success of ${String(success.known)} known outcomes`,
            percent(success.before),
            `${percent(success.after.value)} (90 % interval ${percent(success.after.lower)} to ${percent(success.after.upper)})`,
          ],
        ]
      : []),
    ['took', '', `${seconds.toFixed(1)} s`],
  ];
}

function backcastRows(report: BackcastReport): Row[] {
  const { from, to, alerts, violations, incidents, healedAlone, actedThough, seconds } = report;
  return [
    ['time', from, to],
    ['alerts', String(alerts), ''],
    ['violations', String(violations), ''],
    ['incidents', String(incidents), ''],
    [
      'would have healed by themselves',
      String(healedAlone),
      `${String(actedThough)} of them before an act would have shown`,
    ],
    ['took', '', `${seconds.toFixed(1)} s`],
  ];
}

function spentRows(before: Spent, after: Spent): Row[] {
  const actions = [...new Set([...Object.keys(before.byAction), ...Object.keys(after.byAction)])].toSorted();
  return [
    ['acts', String(before.acts), String(after.acts)],
    ['of them after asking people', String(before.asksPeople), String(after.asksPeople)],
    ['budget spent (summed cost)', before.cost.toFixed(2), after.cost.toFixed(2)],
    ['explored', String(before.explored), String(after.explored)],
    ...actions.map((action) => [
      `  ${action}`,
      String(before.byAction[action] ?? 0),
      String(after.byAction[action] ?? 0),
    ]),
  ];
}

const counted = (counts: Readonly<Record<string, number | undefined>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${String(count ?? 0)}`)
    .join(', ');

function aligned(rows: readonly Row[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
