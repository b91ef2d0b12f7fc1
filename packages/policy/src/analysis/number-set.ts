/** Closed at both ends; over doubles an open end is the next double. */
export interface Span {
  readonly least: number;
  readonly most: number;
}
/** What a number may be: which numbers there are, from least to most. */
export interface NumberDomain extends Span {
  readonly isWhole: boolean;
}
/** Disjoint spans in order. */
export type Spans = readonly Span[];

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);

function nextAfter(value: number, isUp: boolean): number {
  if (value === 0) return isUp ? Number.MIN_VALUE : -Number.MIN_VALUE;
  float[0] = value;
  bits[0] = (bits[0] ?? 0n) + (value > 0 === isUp ? 1n : -1n);
  return float[0];
}

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

export function spansWhere(comparison: Comparison, value: number, domain: NumberDomain): Spans {
  const { least, most } = domain;
  switch (comparison) {
    case '==':
      return within([{ least: value, most: value }], domain);
    case '!=':
      return spansOutside(spansWhere('==', value, domain), domain);
    case '<':
      return within([{ least, most: nextAfter(value, false) }], domain);
    case '<=':
      return within([{ least, most: value }], domain);
    case '>':
      return within([{ least: nextAfter(value, true), most }], domain);
    case '>=':
      return within([{ least: value, most }], domain);
  }
}

function within(spans: Spans, domain: NumberDomain): Spans {
  return spans
    .map(({ least, most }) => ({
      least: Math.max(domain.least, domain.isWhole ? Math.ceil(least) : least),
      most: Math.min(domain.most, domain.isWhole ? Math.floor(most) : most),
    }))
    .filter(({ least, most }) => least <= most);
}

export function spansInBoth(a: Spans, b: Spans): Spans {
  return a.flatMap((left) =>
    b
      .map((right) => ({ least: Math.max(left.least, right.least), most: Math.min(left.most, right.most) }))
      .filter(({ least, most }) => least <= most),
  );
}

export function spansOutside(spans: Spans, domain: NumberDomain): Spans {
  const found: Span[] = [];
  let { least } = domain;
  for (const span of spans) {
    if (least < span.least) found.push({ least, most: before(span.least, domain) });
    if (span.most >= domain.most) return found;
    least = domain.isWhole ? span.most + 1 : nextAfter(span.most, true);
  }
  found.push({ least, most: domain.most });
  return found;
}

const before = (value: number, { isWhole }: NumberDomain): number => (isWhole ? value - 1 : nextAfter(value, false));

export function spansInEither(a: Spans, b: Spans, domain: NumberDomain): Spans {
  return spansOutside(spansInBoth(spansOutside(a, domain), spansOutside(b, domain)), domain);
}

export const hasNumber = (spans: Spans, value: number): boolean =>
  spans.some(({ least, most }) => least <= value && value <= most);

/** A number people like to read: zero, or the end that is closer to it, or a short one in between. */
export function pickNumber(spans: Spans): number | null {
  if (hasNumber(spans, 0)) return 0;
  const [first] = spans;
  if (first === undefined) return null;
  for (const candidate of [1, 0.5, 0.1, 0.9, 10, -1, 100]) if (hasNumber(spans, candidate)) return candidate;
  const closest = spans.flatMap(({ least, most }) => [least, most]).sort((a, b) => Math.abs(a) - Math.abs(b));
  const [end = first.least] = closest;
  const [low = end] = [Math.ceil(end), Math.floor(end)].filter((whole) => hasNumber(spans, whole));
  return low;
}
