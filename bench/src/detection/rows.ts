import type { BenchRow } from '../bench-row.ts';

/** Stands for a reference of zero, so that the ratio stays a number in JSON. */
const LEAST_REFERENCE = 1e-9;

/** One line of the table; higher is better unless said otherwise. */
export function row(
  name: string,
  value: number,
  reference: BenchRow['reference'],
  extra: { unit?: string; better?: BenchRow['better']; target?: string } = {},
): BenchRow {
  const { unit = '', better = 'higher', target } = extra;
  return {
    name,
    value,
    unit,
    better,
    reference,
    ratio: value / Math.max(reference.value, LEAST_REFERENCE),
    ...(target === undefined ? {} : { target }),
  };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
