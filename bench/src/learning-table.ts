import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchRow } from './bench-row.ts';

/** A row with its ratio. */
export function row(
  one: Omit<BenchRow, 'reference' | 'ratio'> & { readonly reference: readonly [string, number] },
): BenchRow {
  const [name, value] = one.reference;
  return { ...one, reference: { name, value }, ratio: value === 0 ? Number.NaN : one.value / value };
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The 5th to 95th percentile over the seeds. */
export function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.round(share * (sorted.length - 1))] ?? 0).toFixed(2);
  return `5th to 95th percentile of ${String(values.length)} seeds ${at(0.05)} to ${at(0.95)}`;
}

/** A file of the learning data; null, and said so, when it is not there. */
export function dataOf(name: string): string | null {
  const folder = process.env.CHARTER_DATA ?? join(import.meta.dirname, '../../../shared/data');
  const path = join(folder, 'learning', name);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  console.log(`${path} is absent; its rows are left out. CHARTER_DATA names the folder of the data.`);
  return null;
}
