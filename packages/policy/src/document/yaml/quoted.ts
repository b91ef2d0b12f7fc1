import { type Cursor, folded, isBreak, isSpace, nextLine } from './cursor.ts';
import { YamlRefusal } from './yaml-refusal.ts';

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};
const widths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
const singleStop = /['\r\n]/g;
const doubleStop = /["\\\r\n]/g;

/** Reads a quoted scalar; its further lines must be indented deeper than `indent`. */
export function readQuoted(cursor: Cursor, indent: number): string {
  const { text } = cursor;
  const start = cursor.at;
  const quote = text.charAt(start);
  const stop = quote === "'" ? singleStop : doubleStop;
  let value = '';
  cursor.at += 1;
  for (;;) {
    stop.lastIndex = cursor.at;
    const found = stop.exec(text);
    if (found === null) throw new YamlRefusal('The quote is never closed', start);
    const run = text.slice(cursor.at, found.index);
    cursor.at = found.index;
    const [char] = found;
    if (char === '\\') value = readEscape(cursor, value + run, start, indent);
    else if (char === quote) {
      value += run;
      cursor.at += 1;
      if (quote === '"' || text.charAt(cursor.at) !== quote) return value;
      value += quote;
      cursor.at += 1;
    } else value = trimEnd(value + run, run.length) + folded(toNextLine(cursor, start, indent));
  }
}

/** Drops white space before a break, but none that an escape wrote. */
function trimEnd(value: string, runLength: number): string {
  let end = value.length;
  const least = end - runLength;
  while (end > least && isSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(0, end);
}

function toNextLine(cursor: Cursor, start: number, indent: number): number {
  const next = nextLine(cursor, cursor.at);
  if (next === null) throw new YamlRefusal('The quote is never closed', start);
  if (next.at - next.lineStart <= indent) throw new YamlRefusal('The lines of a quote are indented', next.at);
  cursor.at = next.at;
  cursor.lineStart = next.lineStart;
  return next.blank;
}

function readEscape(cursor: Cursor, before: string, start: number, indent: number): string {
  const { text, at } = cursor;
  const kind = text.charAt(at + 1);
  const simple = escapes[kind];
  if (simple !== undefined) {
    cursor.at += 2;
    return before + simple;
  }
  if (isBreak(cursor.codes[at + 1])) {
    cursor.at += 1;
    const blank = toNextLine(cursor, start, indent);
    return before + '\n'.repeat(blank);
  }
  const width = widths[kind];
  const digits = text.slice(at + 2, at + 2 + (width ?? 0));
  const code = Number.parseInt(digits, 16);
  if (width === undefined || digits.length !== width || !/^[0-9a-fA-F]+$/.test(digits) || code > 0x10ffff) {
    throw new YamlRefusal(`The escape \\${kind} is unknown or incomplete`, at);
  }
  cursor.at += 2 + width;
  return before + (width === 4 ? String.fromCharCode(code) : String.fromCodePoint(code));
}
