import { CelRefusal } from './cel-issue.ts';

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
};
const hexWidths: Readonly<Record<string, number>> = { x: 2, X: 2, u: 4, U: 8 };

export interface StringToken {
  readonly value: string;
  readonly end: number;
}

/** Reads a quoted literal that starts at `start` (the quote itself); escapes are left alone when `raw`. */
export function readStringLiteral(source: string, start: number, raw: boolean): StringToken {
  const quote = source.charAt(start);
  const isTriple = source.startsWith(quote.repeat(3), start);
  const fence = isTriple ? quote.repeat(3) : quote;
  let at = start + fence.length;
  let value = '';
  for (;;) {
    if (at >= source.length) throw new CelRefusal('syntax', 'The string has no closing quote', start);
    if (source.startsWith(fence, at)) return { value, end: at + fence.length };
    const char = source.charAt(at);
    if (!isTriple && (char === '\n' || char === '\r')) {
      throw new CelRefusal('syntax', 'The string runs over the end of its line', start);
    }
    if (char === '\\' && !raw) {
      const escaped = readEscape(source, at);
      value += escaped.value;
      at = escaped.end;
    } else {
      value += char;
      at += 1;
    }
  }
}

function readEscape(source: string, at: number): StringToken {
  const kind = source.charAt(at + 1);
  const simple = simpleEscapes[kind];
  if (simple !== undefined) return { value: simple, end: at + 2 };
  const width = hexWidths[kind];
  if (width !== undefined) return codePoint(source, at, at + 2, width, 16);
  if (kind >= '0' && kind <= '3') return codePoint(source, at, at + 1, 3, 8);
  throw new CelRefusal('syntax', `Unknown escape \\${kind}`, at);
}

function codePoint(source: string, start: number, from: number, width: number, radix: 8 | 16): StringToken {
  const digits = source.slice(from, from + width);
  const isComplete = digits.length === width && (radix === 16 ? /^[0-9a-fA-F]+$/ : /^[0-7]+$/).test(digits);
  if (!isComplete) throw new CelRefusal('syntax', 'The escape is incomplete', start);
  const code = Number.parseInt(digits, radix);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw new CelRefusal('syntax', 'The escape is no Unicode character', start);
  }
  return { value: String.fromCodePoint(code), end: from + width };
}
