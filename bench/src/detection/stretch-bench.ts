import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createIncidentDetector } from '@charter/detection';
import type { BenchRow } from '../bench-row.ts';
import { type Graph, identityOf, topologyFrom } from './cases.ts';
import { row } from './rows.ts';
import { readTable, type Table } from './tables.ts';

interface Fault {
  readonly t: number;
  readonly end: number;
  readonly service: string;
  readonly type: string;
}

interface Stretch {
  readonly file: string;
  readonly set: string;
  readonly faults: readonly Fault[];
}

interface Tally {
  alarms: number;
  good: number;
  found: number;
  right: number;
  delay: number;
  observable: number;
  observableFound: number;
  quietMinutes: number;
  quietAlarms: number;
}

/** An alarm counts for a fault from its start until two minutes after its end. */
const GRACE_S = 120;
/** Rows at the start of a stretch that no detector can judge. */
const WARM_UP_S = 600;

/** End-to-end detection on whole recordings: nobody says when the faults begin. */
export function stretchRows(root: string): BenchRow[] {
  const file = path.join(root, 'rca/continuous.json');
  if (!existsSync(file)) return [];
  const stretches = JSON.parse(readFileSync(file, 'utf8')) as Stretch[];
  return [...new Set(stretches.map((one) => one.set))].sort().flatMap((set) => {
    const members = stretches.filter((one) => one.set === set);
    const ours: Tally = emptyTally();
    const theirs: Tally = emptyTally();
    for (const stretch of members) {
      const table = readTable(path.join(root, stretch.file));
      const graph = JSON.parse(readFileSync(path.join(root, 'rca', set, 'graph.json'), 'utf8')) as Graph;
      const detector = createIncidentDetector({
        identities: table.names.map(identityOf),
        topology: topologyFrom(graph),
      });
      const baseline = createThresholdAlarm(table);
      tally(stretch, table, ours, (i) => detector.push(table.times[i] ?? 0, rowOf(table, i))?.component);
      tally(stretch, table, theirs, baseline);
    }
    return rowsOf(set, ours, theirs);
  });
}

const emptyTally = (): Tally => ({
  alarms: 0,
  good: 0,
  found: 0,
  right: 0,
  delay: 0,
  observable: 0,
  observableFound: 0,
  quietMinutes: 0,
  quietAlarms: 0,
});

const rowOf = (table: Table, i: number): Float64Array =>
  Float64Array.from(table.columns, (column) => column[i] ?? Number.NaN);

/** Faults that show in pod metrics: busy CPUs, and in Online Boutique network delays through its edge latencies. */
const isObservable = ({ type }: Fault, set: string): boolean =>
  type.startsWith('cpu') || (type === 'network_delay' && set === 'nezha-ob');

function tally(stretch: Stretch, table: Table, sums: Tally, alarmAt: (i: number) => string | undefined): void {
  const first = (table.times[0] ?? 0) + WARM_UP_S;
  const covers = (fault: Fault, time: number): boolean => time >= fault.t && time <= fault.end + GRACE_S;
  const open = new Set(stretch.faults.filter((fault) => fault.t >= first));
  sums.observable += [...open].filter((fault) => isObservable(fault, stretch.set)).length;
  table.times.forEach((time, i) => {
    const during = stretch.faults.find((fault) => covers(fault, time));
    if (!during && time >= first) sums.quietMinutes++;
    const component = alarmAt(i);
    if (component === undefined) return;
    sums.alarms++;
    if (!during) sums.quietAlarms++;
    if (!during || during.t < first) return;
    sums.good++;
    if (!open.delete(during)) return;
    sums.found++;
    sums.delay += time - during.t;
    if (isObservable(during, stretch.set)) sums.observableFound++;
    if (during.service === component) sums.right++;
  });
}

/** The simple rule: some metric of a component is 30 deviations from its last two hours twice in a row; six minutes of silence after. */
function createThresholdAlarm(table: Table): (i: number) => string | undefined {
  const watched = table.names
    .map((name, j) => ({ ...identityOf(name), values: table.columns[j] ?? new Float64Array() }))
    .filter(
      ({ component, metric }) =>
        !component.startsWith('_') && !metric.startsWith('node_') && metric !== 'cpu_m' && metric !== 'mem_mi',
    );
  let streak = 0;
  let silentUntil = Number.NEGATIVE_INFINITY;
  return (i) => {
    let top = { component: '', distance: 0 };
    for (const { component, metric, values } of watched) {
      const past = values
        .slice(Math.max(0, i - 120), i)
        .filter((value) => !Number.isNaN(value))
        .sort();
      const value = values[i] ?? Number.NaN;
      if (past.length < 10 || Number.isNaN(value)) continue;
      const at = (p: number): number => past[Math.round(p * (past.length - 1))] ?? 0;
      const scale = Math.max(
        (at(0.75) - at(0.25)) / 1.349,
        (at(0.9) - at(0.1)) / 2.56,
        0.1 * Math.abs(at(0.5)),
        metric.includes('pct') ? 1 : 1e-6,
      );
      const distance = Math.abs(value - at(0.5)) / scale;
      if (distance > top.distance) top = { component, distance };
    }
    streak = top.distance > 30 ? streak + 1 : 0;
    const time = table.times[i] ?? 0;
    if (streak < 2 || time <= silentUntil) return undefined;
    silentUntil = time + 360;
    return top.component;
  };
}

function rowsOf(set: string, ours: Tally, theirs: Tally): BenchRow[] {
  const beside = (value: number) => ({ name: 'trailing robust z > 30', value });
  const boutique = set === 'nezha-ob';
  const recall = (sums: Tally): number => sums.observableFound / sums.observable;
  const precision = (sums: Tally): number => sums.good / Math.max(1, sums.alarms);
  const hourly = (sums: Tally): number => sums.quietAlarms / (sums.quietMinutes / 60);
  return [
    row(
      `end to end, ${set}, recall of ${String(ours.observable)} observable faults`,
      recall(ours),
      beside(recall(theirs)),
      { target: boutique ? '0.94' : '0.8' },
    ),
    row(`end to end, ${set}, precision`, precision(ours), beside(precision(theirs)), boutique ? { target: '0.9' } : {}),
    row(`end to end, ${set}, false alarms per fault-free hour`, hourly(ours), beside(hourly(theirs)), {
      better: 'lower',
      target: boutique ? '0.2' : '1',
    }),
    row(
      `end to end, ${set}, right culprit of those found`,
      ours.right / Math.max(1, ours.found),
      beside(theirs.right / Math.max(1, theirs.found)),
    ),
    row(
      `end to end, ${set}, mean delay`,
      ours.delay / Math.max(1, ours.found),
      beside(theirs.delay / Math.max(1, theirs.found)),
      { unit: 's', better: 'lower', ...(boutique ? { target: '90' } : {}) },
    ),
  ];
}
