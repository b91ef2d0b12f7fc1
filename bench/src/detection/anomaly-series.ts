import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readTable, secondsOf, type Table } from './tables.ts';

/** One labelled series of `ad/labels.json`; windows may be absent. */
export interface AnomalySeries {
  readonly key: string;
  readonly kind: 'nab' | 'point' | 'mts';
  readonly file: string;
  /** Rows at the start that are free of labels (several metrics only). */
  readonly trainRows: number;
  readonly windows?: readonly (readonly [number, number])[];
  readonly table: () => Table;
}

interface LabelEntry {
  readonly kind: AnomalySeries['kind'];
  readonly file: string;
  readonly windows?: readonly (readonly [string | number, string | number])[];
  readonly train_rows?: number;
}

/** Every series of a data folder, read when asked for. */
export function anomalySeriesOf(root: string): AnomalySeries[] {
  const file = path.join(root, 'ad/labels.json');
  if (!existsSync(file)) return [];
  const entries = JSON.parse(readFileSync(file, 'utf8')) as Record<string, LabelEntry>;
  return Object.entries(entries).map(([key, entry]) => ({
    key,
    kind: entry.kind,
    file: entry.file,
    trainRows: entry.train_rows ?? 0,
    ...(entry.windows
      ? { windows: entry.windows.map(([from, to]) => [secondsOf(String(from)), secondsOf(String(to))] as const) }
      : {}),
    table: () => readTable(path.join(root, entry.file)),
  }));
}

/** 1 for each time inside a window. */
export function labelsOf(times: Float64Array, windows: readonly (readonly [number, number])[]): Uint8Array {
  return Uint8Array.from(times, (time) => (windows.some(([from, to]) => time >= from && time <= to) ? 1 : 0));
}
