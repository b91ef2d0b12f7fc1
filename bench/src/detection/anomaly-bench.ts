import { alarmSeries, fitJointModel, type ScorerTuning, scorerTuning, scoreSeries } from '@charter/detection';
import type { BenchRow } from '../bench-row.ts';
import { type AnomalySeries, labelsOf } from './anomaly-series.ts';
import { ewmaScores, meanRobustScores, trailingRobustScores } from './baselines.ts';
import { type NabProfile, type NabSeries, nabScore } from './nab-score.ts';
import { bestF1, spansOf, vusPr } from './point-measures.ts';
import { meanOf, row } from './rows.ts';
import type { Table } from './tables.ts';

/** The threshold shipped: fixed beforehand, see `alarmDecades` of the scorer's tuning. */
export const ALARM_THRESHOLD = 0.5;

/** Scores of the rows after the label-free start, by the joint model fitted on it. */
export function jointScores({ columns }: Table, trainRows: number): Float64Array {
  const model = fitJointModel(columns, trainRows);
  const rows = (columns[0]?.length ?? 0) - trainRows;
  const values = new Float64Array(columns.length);
  return Float64Array.from({ length: rows }, (_, i) => {
    columns.forEach((column, j) => {
      values[j] = column[trainRows + i] ?? Number.NaN;
    });
    return model.push(values);
  });
}

const PROFILES: readonly (readonly [NabProfile, string])[] = [
  ['standard', 'standard'],
  ['lowFp', 'low FP'],
  ['lowFn', 'low FN'],
];

/** NAB with the shipped threshold, with the threshold optimized on the scored corpus, and chosen on the other half of it. */
export function nabRows(series: readonly AnomalySeries[]): BenchRow[] {
  const labelled = series.filter((one) => one.kind === 'nab' && one.windows !== undefined);
  if (labelled.length === 0) return [];
  const tables = labelled.map((one) => one.table());
  const corpus = (score: (table: Table) => Float64Array): NabSeries[] =>
    labelled.map((one, i) => ({
      times: tables[i]?.times ?? [],
      scores: tables[i] ? score(tables[i]) : [],
      windows: one.windows ?? [],
    }));
  const alarms = (tuning: Partial<ScorerTuning>) =>
    corpus(({ times, columns }) => alarmSeries(times, columns[0] ?? [], { tuning }));
  const ours = alarms({});
  const baseline = corpus(({ columns }) => ewmaScores(columns[0] ?? []));
  const rows = PROFILES.flatMap(([profile, name]) => {
    const reference = { name: 'EWMA z, optimized', value: nabScore(baseline, profile).score };
    const target = profile === 'standard' ? [{ target: '69' }, { target: '71' }] : [{}, {}];
    return [
      row(
        `NAB ${name}, threshold fixed (${String(labelled.length)} series)`,
        nabScore(ours, profile, ALARM_THRESHOLD).score,
        reference,
        target[0],
      ),
      row(`NAB ${name}, threshold optimized`, nabScore(ours, profile).score, reference, target[1]),
    ];
  });
  const choices = [1, 1.1, 1.2, 1.3, 1.4].map((alarmDecades) => alarms({ alarmDecades }));
  const half = (whole: readonly NabSeries[], parity: number) => whole.filter((_, i) => i % 2 === parity);
  const crossed = [0, 1].flatMap((parity) => {
    const quality = choices.map((choice) => nabScore(half(choice, 1 - parity), 'standard', ALARM_THRESHOLD).score);
    return half(choices[quality.indexOf(Math.max(...quality))] ?? [], parity);
  });
  const value = nabScore(crossed, 'standard', ALARM_THRESHOLD).score;
  rows.push(
    row(
      'NAB standard, threshold by two-fold cross-validation',
      value,
      { name: 'EWMA z, optimized', value: nabScore(baseline, 'standard').score },
      { target: '69' },
    ),
  );
  return rows;
}

const VIEWS = ['level', 'day', 'smoothed day', 'restlessness', 'nearest days'] as const;

/** What each part of the univariate scorer is worth: NAB and VUS-PR without it. */
export function viewAblationRows(series: readonly AnomalySeries[]): BenchRow[] {
  const nab = series.filter((one) => one.kind === 'nab' && one.windows !== undefined);
  const points = series.filter((one) => one.key.startsWith('mscloud/') && one.windows !== undefined);
  if (nab.length === 0 || points.length === 0) return [];
  const measure = (tuning: Partial<ScorerTuning>): { nab: number; vus: number } => {
    const corpus = nab.map((one) => {
      const { times, columns } = one.table();
      return { times, scores: alarmSeries(times, columns[0] ?? [], { tuning }), windows: one.windows ?? [] };
    });
    const volumes = points.map((one) => {
      const { times, columns } = one.table();
      return vusPr(scoreSeries(times, columns[0] ?? [], { tuning }), labelsOf(times, one.windows ?? []));
    });
    return { nab: nabScore(corpus, 'standard').score, vus: meanOf(volumes.filter((volume) => !Number.isNaN(volume))) };
  };
  const whole = measure({});
  const views = VIEWS.map((view, dropped): [string, Partial<ScorerTuning>] => {
    const weight = (i: number): number => (i === dropped ? 0 : 1);
    return [view, { viewWeights: [weight(0), weight(1), weight(2), weight(3), weight(4)] }];
  });
  const alike = { trust: { ...scorerTuning.trust, sharpness: 0 } };
  return [...views, ['trust learned by series', alike] as const].flatMap(([part, tuning]) => {
    const without = measure(tuning);
    return [
      row(`ablation: NAB optimized without ${part}`, without.nab, { name: 'with everything', value: whole.nab }),
      row(`ablation: mscloud VUS-PR without ${part}`, without.vus, { name: 'with everything', value: whole.vus }),
    ];
  });
}

/** VUS-PR and plain F1 of the univariate score on point-labelled series. */
export function pointRows(series: readonly AnomalySeries[], set: string, target: string): BenchRow[] {
  const measured = series.flatMap((one) => {
    if (!one.key.startsWith(`${set}/`) || one.windows === undefined) return [];
    const { times, columns } = one.table();
    const labels = labelsOf(times, one.windows);
    if (spansOf(labels).length === 0) return [];
    const values = columns[0] ?? new Float64Array();
    return [{ labels, ours: scoreSeries(times, values), theirs: trailingRobustScores(values) }];
  });
  return measureRows(measured, set, 'trailing robust z', target);
}

/** The same of the joint model on rows of many metrics. */
export function jointRows(series: readonly AnomalySeries[], set: string, target: string): BenchRow[] {
  const measured = series.flatMap((one) => {
    if (!one.key.startsWith(`${set}/`) || one.windows === undefined) return [];
    const table = one.table();
    const labels = labelsOf(table.times, one.windows).slice(one.trainRows);
    if (spansOf(labels).length === 0) return [];
    return [
      { labels, ours: jointScores(table, one.trainRows), theirs: meanRobustScores(table.columns, one.trainRows) },
    ];
  });
  return measureRows(measured, set, 'mean robust z', target);
}

interface Measured {
  readonly labels: Uint8Array;
  readonly ours: Float64Array;
  readonly theirs: Float64Array;
}

function measureRows(measured: readonly Measured[], set: string, baseline: string, target: string): BenchRow[] {
  if (measured.length === 0) return [];
  const mean = (measure: (scores: Float64Array, labels: Uint8Array) => number, side: 'ours' | 'theirs') =>
    meanOf(measured.map((one) => measure(one[side], one.labels)));
  return [
    row(
      `${set} VUS-PR (${String(measured.length)} series)`,
      mean(vusPr, 'ours'),
      { name: baseline, value: mean(vusPr, 'theirs') },
      { target },
    ),
    row(`${set} best point F1`, mean(bestF1, 'ours'), { name: baseline, value: mean(bestF1, 'theirs') }),
  ];
}
