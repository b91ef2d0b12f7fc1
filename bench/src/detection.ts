import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BenchRow } from './bench-row.ts';
import { jointRows, nabRows, pointRows, viewAblationRows } from './detection/anomaly-bench.ts';
import { anomalySeriesOf } from './detection/anomaly-series.ts';
import { createCaseReader } from './detection/cases.ts';
import { costRows } from './detection/cost-bench.ts';
import { writePredictions } from './detection/predictions.ts';
import {
  ablationRows,
  calibrationRows,
  judgeCases,
  leaveOneOutRows,
  rootCauseRows,
} from './detection/root-cause-bench.ts';
import { stretchRows } from './detection/stretch-bench.ts';

/** Labelled operational data lives beside the repository and is never committed. */
const DEFAULT_DATA = fileURLToPath(new URL('../../../shared/data', import.meta.url));

/**
 * All scores of detection and root cause on a folder of labelled data, beside simple baselines measured in the same run.
 * `--data DIR` names the folder, `--predictions OUT` writes the answers for others to score; without truth it only predicts.
 */
export async function run(args: string[]): Promise<BenchRow[]> {
  const { values } = parseArgs({
    args,
    options: { data: { type: 'string' }, predictions: { type: 'string' } },
    allowPositionals: true,
  });
  const data = path.resolve(values.data ?? DEFAULT_DATA);
  if (!existsSync(data)) {
    console.log(`No labelled data at ${data}: its scores are skipped, name a folder with --data DIR. Costs follow.`);
    return costRows();
  }
  const series = anomalySeriesOf(data);
  const reader = createCaseReader(data);
  const entries = existsSync(path.join(data, 'rca/cases.json')) ? reader.list() : [];
  if (values.predictions !== undefined) {
    const out = path.resolve(values.predictions);
    writePredictions(out, reader, entries, series);
    console.log(`Wrote the answers to ${out}`);
  }
  const isLabelled = entries.some(({ root_cause_service: truth }) => truth) || series.some(({ windows }) => windows);
  if (values.predictions !== undefined && !isLabelled) return [];
  const judged = judgeCases(reader, entries);
  const rows = [
    ...rootCauseRows(judged),
    ...(judged.length > 0
      ? [...calibrationRows(judged), ...leaveOneOutRows(reader, entries), ...ablationRows(reader, entries)]
      : []),
    ...stretchRows(data),
    ...nabRows(series),
    ...pointRows(series, 'mscloud', '0.68'),
    ...viewAblationRows(series),
    ...jointRows(series, 'asd', '0.50'),
    ...jointRows(series, 'smd', '0.75'),
    ...costRows(),
  ];
  return rows;
}
