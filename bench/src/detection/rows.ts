import type { BenchRow } from '../bench-row.ts';

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
    ratio: value / reference.value,
    ...(target === undefined ? {} : { target }),
  };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
