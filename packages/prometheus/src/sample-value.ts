/** What a sample's value is; only `finite` ones can be compared with a threshold. */
export type ValueKind = 'finite' | 'nan' | 'infinite';

export const kindOf = (value: number): ValueKind =>
  Number.isFinite(value) ? 'finite' : Number.isNaN(value) ? 'nan' : 'infinite';

/** A number as Prometheus writes it: decimal, `NaN`, `+Inf`, `-Inf`. Null when the text is none. */
export function numberFrom(text: string): number | null {
  switch (text) {
    case 'NaN':
      return Number.NaN;
    case 'Inf':
    case '+Inf':
      return Number.POSITIVE_INFINITY;
    case '-Inf':
      return Number.NEGATIVE_INFINITY;
    default:
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null;
  }
}
