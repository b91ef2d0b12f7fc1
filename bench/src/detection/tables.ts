import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A CSV of numbers: the first column is time, the rest are named columns; an empty cell is NaN. */
export interface Table {
  readonly rawTimes: readonly string[];
  readonly times: Float64Array;
  readonly names: readonly string[];
  readonly columns: readonly Float64Array[];
}

/** Lines of a plain or gzipped CSV, split at commas; the first row is the header. */
export function readRows(file: string): string[][] {
  const bytes = readFileSync(file);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return text
    .split(/\r?\n/)
    .filter((line) => line !== '')
    .map((line) => line.split(','));
}

export function readTable(file: string): Table {
  const [header = [], ...rows] = readRows(file);
  const names = header.slice(1);
  const columns = names.map(() => new Float64Array(rows.length));
  const times = new Float64Array(rows.length);
  const rawTimes: string[] = [];
  rows.forEach((cells, i) => {
    rawTimes.push(cells[0] ?? '');
    times[i] = secondsOf(cells[0] ?? '');
    columns.forEach((column, j) => {
      const cell = cells[j + 1];
      column[i] = cell === undefined || cell === '' ? Number.NaN : Number(cell);
    });
  });
  return { rawTimes, times, names, columns };
}

/** Seconds since the epoch of a number or of `YYYY-MM-DD hh:mm:ss[.f]`, read as UTC. */
export function secondsOf(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  const parts = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?/.exec(text);
  if (!parts) throw new Error(`not a time: ${text}`);
  const [, year, month, day, hour, minute, second] = parts.map((part) => Number(part ?? 0));
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second ?? 0) / 1000;
}
