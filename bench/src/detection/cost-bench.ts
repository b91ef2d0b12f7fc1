import { createChangePoints, createScorer, fitJointModel, rankRootCauses, type Series } from '@charter/detection';
import type { BenchRow } from '../bench-row.ts';
import { trailingRobustScores } from './baselines.ts';
import { row } from './rows.ts';

/** A deterministic wave with ripples; no two series are alike. */
const valueAt = (i: number, j: number): number =>
  Math.sin(i / (20 + j)) * 10 + Math.sin(i * 12.9898 + j * 78.233) * 2 + j;

/** Processor time per item in microseconds, best of a few runs: what others do on a shared machine does not count. */
function microseconds(items: number, work: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const started = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(started);
    best = Math.min(best, (user + system) / items);
  }
  return best;
}

/** Cost per sample, per row and per analysis, on data made here. */
export function costRows(): BenchRow[] {
  const samples = 30_000;
  const wave = Float64Array.from({ length: samples }, (_, i) => valueAt(i, 0));
  const scorer = createScorer();
  let clock = 0;
  const sample = microseconds(samples, () => {
    for (let i = 0; i < samples; i++) {
      clock += 60;
      scorer.push(clock, wave[i] ?? 0);
    }
  });
  const naive = microseconds(samples, () => void trailingRobustScores(wave));
  const lower = { better: 'lower', unit: 'µs' } as const;
  return [
    row('cost of a univariate sample', sample, { name: 'trailing robust z', value: naive }, { ...lower, target: '1' }),
    ...rowCosts(lower),
    ...analysisCost(),
    ...fleetCost(),
  ];
}

function rowCosts(lower: { better: 'lower'; unit: string }): BenchRow[] {
  const metrics = 40;
  const rows = 2000;
  const columns = Array.from({ length: metrics }, (_, j) =>
    Float64Array.from({ length: rows }, (__, i) => valueAt(i, j)),
  );
  const byRow = Array.from({ length: rows }, (_, i) =>
    Float64Array.from({ length: metrics }, (__, j) => valueAt(i, j)),
  );
  const model = fitJointModel(columns, rows);
  const joint = microseconds(rows, () => {
    for (const values of byRow) model.push(values);
  });
  const changes = createChangePoints(metrics);
  const change = microseconds(rows, () => {
    for (const values of byRow) changes.push(values);
  });
  return [
    row(
      'cost of a 40-metric row, joint model',
      joint,
      { name: 'change points on the same row', value: change },
      { ...lower, target: '200' },
    ),
    row(
      'cost of a 40-metric row, change points',
      change,
      { name: 'joint model on the same row', value: joint },
      { ...lower, target: '200' },
    ),
  ];
}

function analysisCost(): BenchRow[] {
  const cost = (count: number): number => {
    const series: Series[] = Array.from({ length: count }, (_, j) => ({
      component: `component-${String(j % 50)}`,
      metric: `latency_${String(Math.floor(j / 50))}`,
      timestamps: Array.from({ length: 200 }, (__, i) => i * 60),
      values: Array.from({ length: 200 }, (__, i) => valueAt(i, j) + (j === 7 && i > 190 ? 200 : 0)),
    }));
    const edges = Array.from({ length: 49 }, (_, j) => ({
      from: `component-${String(j)}`,
      to: `component-${String(j + 1)}`,
    }));
    return microseconds(1, () => void rankRootCauses({ detectedAt: 191 * 60, series, topology: { edges } })) / 1000;
  };
  const small = cost(100);
  return [
    row(
      'root cause of 1,000 series',
      cost(1000),
      { name: 'of 100 series', value: small },
      { unit: 'ms', better: 'lower', target: '50' },
    ),
  ];
}

/** Ten thousand scorers, each given its next sample: one cycle of a large installation; a tenth of them costs a tenth. */
function fleetCost(): BenchRow[] {
  const count = 10_000;
  const warm = 400;
  const before = process.memoryUsage();
  const scorers = Array.from({ length: count }, () => createScorer());
  const after = process.memoryUsage();
  for (let i = 0; i < warm; i++) for (let j = 0; j < count; j += 20) scorers[j]?.push(i * 60, valueAt(i, j));
  let clock = warm;
  const cycleOf = (series: number): number =>
    microseconds(1e6, () => {
      clock++;
      for (let j = 0; j < series; j++) scorers[j]?.push(clock * 60, valueAt(clock, j));
    });
  const tenth = cycleOf(count / 10);
  const whole = cycleOf(count);
  const kibibytes = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / count / 1024;
  const state = JSON.stringify(scorers[0]?.state()).length / 1024;
  return [
    row(
      'one cycle of 10,000 series',
      whole,
      { name: 'ten times one of 1,000', value: 10 * tenth },
      { unit: 's', better: 'lower', target: '1' },
    ),
    row('memory of one series', kibibytes, { name: 'its saved state', value: state }, { unit: 'KiB', better: 'lower' }),
  ];
}
