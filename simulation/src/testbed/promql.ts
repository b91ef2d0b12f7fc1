/** The part of PromQL that packs for the testbed use; anything else is refused, so that what is simulated stays what runs. */
export type Expression =
  | { readonly kind: 'selector'; readonly metric: string; readonly matchers: readonly Matcher[] }
  | { readonly kind: 'rate'; readonly of: Selector; readonly seconds: number }
  | { readonly kind: 'sum'; readonly by: readonly string[]; readonly of: Expression }
  | { readonly kind: 'quantile'; readonly share: number; readonly of: Expression }
  | {
      readonly kind: 'divide';
      /** Labels to match on; null for all. */
      readonly on: readonly string[] | null;
      readonly upper: Expression;
      readonly lower: Expression;
    };
export type Selector = Extract<Expression, { kind: 'selector' }>;

export interface Matcher {
  readonly label: string;
  readonly fits: (value: string) => boolean;
}

const token = /\s*(?:([A-Za-z_:][\w:]*)|("(?:[^"\\]|\\.)*")|(\d+(?:\.\d+)?[smh]?)|(=~|!~|!=|[=(){}[\],/]))/y;

/** Parses a query. Throws with what is not understood, and where. */
export function parsePromql(query: string): Expression {
  const tokens = tokensOf(query);
  let next = 0;

  const peek = (): string => tokens[next] ?? '';
  const fail = (wanted: string): never => {
    throw new Error(`Expected ${wanted}, not ${peek() || 'the end'}, in the query ${query}`);
  };
  const take = (wanted: string): void => {
    if (peek() !== wanted) fail(wanted);
    next += 1;
  };
  const word = (pattern: RegExp, wanted: string): string => {
    const text = peek();
    if (!pattern.test(text)) fail(wanted);
    next += 1;
    return text;
  };
  const name = (): string => word(/^[A-Za-z_]/, 'a name');
  const listOf = <Item>(open: string, close: string, item: () => Item): Item[] => {
    const items: Item[] = [];
    take(open);
    while (peek() !== close) {
      if (items.length > 0) take(',');
      items.push(item());
    }
    take(close);
    return items;
  };

  function expression(): Expression {
    let left = operand();
    while (peek() === '/') {
      take('/');
      let on: string[] | null = null;
      if (peek() === 'on') {
        take('on');
        on = listOf('(', ')', name);
      }
      left = { kind: 'divide', on, upper: left, lower: operand() };
    }
    return left;
  }

  function operand(): Expression {
    if (peek() === '(') return parenthesized();
    const first = name();
    if (first === 'sum') {
      take('by');
      const by = listOf('(', ')', name);
      return { kind: 'sum', by, of: parenthesized() };
    }
    if (first === 'rate') {
      take('(');
      const of = selector(name());
      take('[');
      const seconds = secondsOf(word(/^\d+[smh]$/, 'a duration'));
      take(']');
      take(')');
      return { kind: 'rate', of, seconds };
    }
    if (first === 'histogram_quantile') {
      take('(');
      const share = Number(word(/^\d[\d.]*$/, 'a share'));
      take(',');
      const of = expression();
      take(')');
      return { kind: 'quantile', share, of };
    }
    if (peek() === '(') fail('sum by, rate or histogram_quantile');
    return selector(first);
  }

  function parenthesized(): Expression {
    take('(');
    const inner = expression();
    take(')');
    return inner;
  }

  const selector = (metric: string): Selector => ({
    kind: 'selector',
    metric,
    matchers: peek() === '{' ? listOf('{', '}', matcher) : [],
  });

  function matcher(): Matcher {
    const label = name();
    const operator = word(/^(=~|!~|!=|=)$/, 'a comparison');
    const wanted: unknown = JSON.parse(word(/^"/, 'a text'));
    return { label, fits: fitsOf(operator, String(wanted)) };
  }

  const parsed = expression();
  if (next < tokens.length) fail('the end');
  return parsed;
}

function tokensOf(query: string): string[] {
  const tokens: string[] = [];
  const text = query.trimEnd();
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const from = token.lastIndex;
    const found = token.exec(text);
    if (!found) throw new Error(`Cannot read ${text.slice(from, from + 20)} in the query ${query}`);
    tokens.push(found[0].trim());
  }
  return tokens;
}

/** Queries come from the pack under test, not from callers: JavaScript's own patterns do. */
function fitsOf(operator: string, wanted: string): Matcher['fits'] {
  const pattern = new RegExp(`^(?:${wanted})$`);
  switch (operator) {
    case '=':
      return (value) => value === wanted;
    case '!=':
      return (value) => value !== wanted;
    case '=~':
      return (value) => pattern.test(value);
    default:
      return (value) => !pattern.test(value);
  }
}

const secondsOf = (duration: string): number =>
  Number.parseInt(duration, 10) * (duration.endsWith('h') ? 3_600 : duration.endsWith('m') ? 60 : 1);
