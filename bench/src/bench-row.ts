/** One figure beside what it is compared with; both sides measured in the same run. `ratio` = value / reference. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly reference: { readonly name: string; readonly value: number };
  readonly ratio: number;
  readonly target?: string;
}

/** A benchmark: runs once and gives its table. */
export type Bench = (args: string[]) => Promise<BenchRow[]>;
