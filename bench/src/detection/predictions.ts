import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { alarmSeries, rankRootCauses, scoreSeries } from '@charter/detection';
import { ALARM_THRESHOLD, jointScores } from './anomaly-bench.ts';
import type { AnomalySeries } from './anomaly-series.ts';
import type { CaseEntry, createCaseReader } from './cases.ts';
import type { Table } from './tables.ts';

/** Writes every answer in the public form, so that others can score them; reads no truth. */
export function writePredictions(
  out: string,
  reader: ReturnType<typeof createCaseReader>,
  entries: readonly CaseEntry[],
  series: readonly AnomalySeries[],
): void {
  const rankings: Record<string, { component: string; confidence: number }[]> = {};
  for (const entry of entries) {
    const { rootCauses } = rankRootCauses(reader.load(entry));
    rankings[entry.case] = rootCauses.map(({ component, confidence }) => ({ component, confidence }));
  }
  if (entries.length > 0) write(path.join(out, 'rca.json'), `${JSON.stringify(rankings, null, 1)}\n`);
  for (const one of series) {
    const table = one.table();
    if (one.kind === 'nab') writeNab(out, one, table);
    else writeScores(out, one, table);
  }
  if (series.some((one) => one.kind === 'nab')) {
    write(path.join(out, 'nab', 'threshold.json'), `${JSON.stringify({ threshold: ALARM_THRESHOLD })}\n`);
  }
}

function writeNab(out: string, { key }: AnomalySeries, { rawTimes, times, columns }: Table): void {
  const values = columns[0] ?? new Float64Array();
  const scores = alarmSeries(times, values);
  const lines = rawTimes.map((time, i) => `${time},${String(values[i])},${String(scores[i])}`);
  write(path.join(out, 'nab', key.replace(/^nab\//, '')), `timestamp,value,anomaly_score\n${lines.join('\n')}\n`);
}

/** Rows count from 0; those of the label-free start of several metrics, which the model is fitted on, score 0. */
function writeScores(out: string, { key, kind, trainRows }: AnomalySeries, table: Table): void {
  const values = table.columns[0] ?? new Float64Array();
  const scores =
    kind === 'mts'
      ? [...new Float64Array(trainRows), ...jointScores(table, trainRows)]
      : scoreSeries(table.times, values);
  const lines = Array.from(scores, (score, i) => `${String(i)},${String(score)}`);
  write(path.join(out, 'ad', `${key}.csv`), `row,score\n${lines.join('\n')}\n`);
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
