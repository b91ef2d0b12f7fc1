/** `query` is compared with a number: what a rule with a threshold needs. */
export interface Comparison {
  readonly query: string;
  readonly comparator: '>' | '>=' | '<' | '<=' | '==' | '!=';
  readonly threshold: number;
}

/** Strings, comments, then what matters at the top level: brackets, comparisons, words, numbers, anything else. */
const token =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*|[([{]|[)\]}]|>=|<=|==|!=|=~|!~|>|<|[A-Za-z_:][\w:]*|\s+|./g;
const comparators: ReadonlySet<string> = new Set(['>', '>=', '<', '<=', '==', '!=']);
/** Words that make something else of a comparison. */
const words: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'bool']);

/**
 * Takes a PromQL expression of the form `query > number` apart. Null for every other one: with a second comparison or a set
 * operator at the top level the threshold is not the whole condition.
 */
export function splitComparison(expression: string): Comparison | null {
  let depth = 0;
  let found: { at: number; comparator: string } | null = null;
  for (const match of expression.matchAll(token)) {
    const [text] = match;
    if ('([{'.includes(text)) depth += 1;
    else if (')]}'.includes(text)) depth -= 1;
    else if (depth > 0) continue;
    else if (comparators.has(text)) {
      if (found) return null;
      found = { at: match.index, comparator: text };
    } else if (words.has(text.toLowerCase())) return null;
  }
  if (!found) return null;
  const right = expression.slice(found.at + found.comparator.length).trim();
  const query = expression.slice(0, found.at).trim();
  if (query === '' || !/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(right)) return null;
  return { query, comparator: found.comparator as Comparison['comparator'], threshold: Number(right) };
}
