import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RootCauseInput, Series } from '@charter/detection';
import { readRows, readTable, type Table } from './tables.ts';

/** One entry of `rca/cases.json`; the truth fields may be absent. */
export interface CaseEntry {
  readonly case: string;
  readonly set?: string;
  readonly metrics: string;
  readonly healthy?: string | null;
  readonly graph?: string | null;
  readonly step_s: number;
  readonly injection_time: number;
  /** Null: until the end of the recording. */
  readonly fault_end?: number | null;
  readonly exclude?: readonly (readonly [number, number])[];
  readonly symptom?: { readonly service: string; readonly metric: string } | null;
  readonly root_cause_service?: string;
  readonly fault_type?: string;
  readonly observable_in?: readonly string[];
}

/** Where nobody says how long a fault lasted, this much of what followed is looked at. */
const OBSERVED_STEPS = 3;

const endOf = ({ fault_end, injection_time, step_s }: CaseEntry): number =>
  fault_end === undefined ? injection_time + OBSERVED_STEPS * step_s : (fault_end ?? Number.POSITIVE_INFINITY);

/** The system a case is of: `rca/<set>/<case>/metrics.csv.gz`. */
export const setOf = ({ set, metrics }: CaseEntry): string => set ?? path.basename(path.dirname(path.dirname(metrics)));

export interface Graph {
  readonly nodes: readonly string[];
  readonly edges: readonly (readonly (string | number)[])[];
}

/** Reads the root-cause cases of a data folder; tables shared by cases are read once. */
export function createCaseReader(root: string) {
  const tables = new Map<string, Table>();
  const aggregates = new Map<string, Series[]>();
  const shared = (file: string): Table => {
    const known = tables.get(file) ?? readTable(path.join(root, file));
    tables.set(file, known);
    return known;
  };
  const aggregatesOf = (set: string): Series[] => {
    const known = aggregates.get(set) ?? readAggregates(path.join(root, 'rca', set));
    aggregates.set(set, known);
    return known;
  };
  return {
    list: (): CaseEntry[] => JSON.parse(readFileSync(path.join(root, 'rca/cases.json'), 'utf8')) as CaseEntry[],
    load(entry: CaseEntry, sources: { readonly traces: boolean } = { traces: true }): RootCauseInput {
      const metrics = readTable(path.join(root, entry.metrics));
      const healthy = entry.healthy ? shared(entry.healthy) : undefined;
      const series = metrics.names.map((name, j) => columnSeries(name, metrics, j, healthy, entry));
      const extra = sources.traces ? aggregatesOf(setOf(entry)).map((one) => within(one, entry)) : [];
      const graph = entry.graph ? (JSON.parse(readFileSync(path.join(root, entry.graph), 'utf8')) as Graph) : undefined;
      const symptom = entry.symptom ? { component: entry.symptom.service, metric: entry.symptom.metric } : undefined;
      return {
        detectedAt: entry.injection_time,
        series: [...series, ...extra.filter((one) => one.timestamps.length > 0)],
        ...(graph ? { topology: topologyFrom(graph) } : {}),
        ...(symptom ? { symptom } : {}),
      };
    },
  };
}

export function topologyFrom(graph: Graph): { edges: { from: string; to: string }[] } {
  return { edges: graph.edges.map(([from, to]) => ({ from: String(from), to: String(to) })) };
}

/** `service#metric` or, for an edge, `callee#metric_side@caller`, as one series' identity. */
export function identityOf(column: string): Pick<Series, 'component' | 'metric' | 'labels'> {
  const cut = column.indexOf('#');
  const component = column.slice(0, cut);
  const edge = /^(.+)_(client|server)@(.+)$/.exec(column.slice(cut + 1));
  if (!edge) return { component, metric: column.slice(cut + 1) };
  return { component, metric: edge[1] ?? '', labels: { side: edge[2] ?? '', peer: edge[3] ?? '' } };
}

function usable(time: number, entry: CaseEntry): boolean {
  if (time >= entry.injection_time) return time <= endOf(entry) + entry.step_s;
  return !(entry.exclude ?? []).some(([from, to]) => time >= from && time <= to);
}

function columnSeries(name: string, table: Table, index: number, healthy: Table | undefined, entry: CaseEntry): Series {
  const timestamps: number[] = [];
  const values: number[] = [];
  const before = healthy?.columns[healthy.names.indexOf(name)];
  // healthy recordings of other dates are normal whenever they were made: they only serve as the baseline
  before?.forEach((value, i) => {
    const time = healthy?.times[i] ?? 0;
    timestamps.push(time < entry.injection_time ? time : time - 1e8);
    values.push(value);
  });
  table.columns[index]?.forEach((value, i) => {
    const time = table.times[i] ?? 0;
    if (!usable(time, entry)) return;
    timestamps.push(time);
    values.push(value);
  });
  return { ...identityOf(name), timestamps, values };
}

/** Each row of the aggregates covers the minute that ends at its time, so a sample is placed in its middle. */
const HALF_ROW_S = 30;

function readAggregates(folder: string): Series[] {
  const traces = path.join(folder, 'traces.csv.gz');
  const logs = path.join(folder, 'logs.csv.gz');
  if (!existsSync(traces) || !existsSync(logs)) return [];
  const traceRows = readRows(traces).slice(1);
  const logRows = readRows(logs).slice(1);
  const grid = [...new Set([...traceRows, ...logRows].map((row) => Number(row[0])))].sort((a, b) => a - b);
  const found = new Map<
    string,
    { identity: Pick<Series, 'component' | 'metric' | 'labels'>; at: Map<number, number>; empty: number }
  >();
  const put = (
    identity: Pick<Series, 'component' | 'metric' | 'labels'>,
    time: string | undefined,
    cell: string | undefined,
    empty: number,
  ): void => {
    const key = JSON.stringify(identity);
    const entry = found.get(key) ?? { identity, at: new Map<number, number>(), empty };
    if (cell !== undefined && cell !== '') entry.at.set(Number(time), Number(cell));
    found.set(key, entry);
  };
  for (const [time, src = '', dst = '', count, c50, c95, s50, s95] of traceRows) {
    put({ component: dst, metric: 'requests', labels: { peer: src } }, time, count, 0);
    put({ component: dst, metric: 'latency_p50', labels: { peer: src, side: 'client' } }, time, c50, Number.NaN);
    put({ component: dst, metric: 'latency_p95', labels: { peer: src, side: 'client' } }, time, c95, Number.NaN);
    put({ component: dst, metric: 'latency_p50', labels: { peer: src, side: 'server' } }, time, s50, Number.NaN);
    put({ component: dst, metric: 'latency_p95', labels: { peer: src, side: 'server' } }, time, s95, Number.NaN);
  }
  for (const [time, service = '', level = '', count] of logRows) {
    put({ component: service, metric: 'log_lines', labels: { level } }, time, count, 0);
  }
  return [...found.values()].map(({ identity, at, empty }) => ({
    ...identity,
    timestamps: grid.map((time) => time - HALF_ROW_S),
    values: grid.map((time) => at.get(time) ?? empty),
  }));
}

/** Rows of the fault are those that overlap it; rows before it are normal when they touch no earlier fault. */
function within(series: Series, entry: CaseEntry): Series {
  const timestamps: number[] = [];
  const values: number[] = [];
  const keeps = (time: number): boolean => {
    if (time >= entry.injection_time) return time - HALF_ROW_S < endOf(entry);
    if (time >= entry.injection_time - 2 * HALF_ROW_S) return true;
    return usable(time - HALF_ROW_S, entry) && usable(time + HALF_ROW_S, entry);
  };
  Array.from(series.timestamps).forEach((time, i) => {
    if (!keeps(time)) return;
    timestamps.push(time);
    values.push(series.values[i] ?? Number.NaN);
  });
  return { ...series, timestamps, values };
}
