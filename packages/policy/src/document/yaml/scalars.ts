import { type Cursor, folded, HASH, isBreak, isGap, isSpace, nextLine } from './cursor.ts';
import { YamlRefusal } from './yaml-refusal.ts';

const COLON = 0x3a;
const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);
const booleans = new Map([
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
]);
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const special = new Map([
  ['.nan', Number.NaN],
  ['.NaN', Number.NaN],
  ['.NAN', Number.NaN],
]);
const infinity = /^([-+]?)\.(?:inf|Inf|INF)$/;

/** The value of a plain scalar under the core schema of YAML 1.2. */
export function resolvePlain(text: string): string | number | boolean | null {
  const first = text.charCodeAt(0);
  const isNumberLike = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e;
  if (isNumberLike) {
    if (decimal.test(text)) return Number(text);
    if (/^0o[0-7]+$/.test(text) || /^0x[0-9a-fA-F]+$/.test(text)) return Number(text);
    const nan = special.get(text);
    if (nan !== undefined) return nan;
    const infinite = infinity.exec(text);
    return infinite === null ? text : infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (text.length > 5) return text;
  return nulls.has(text) ? null : (booleans.get(text) ?? text);
}

const isFlowIndicator = (code: number): boolean =>
  code === 0x2c || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d;

const refusedStarts = new Set('#&*!|>\'"%@`,[]{}');

/** The part of a plain scalar on this line, without trailing space; the cursor stops behind it. */
export function readPlainLine(cursor: Cursor, isFlow: boolean): string {
  const { text } = cursor;
  const start = cursor.at;
  let end = start;
  for (let at = start; ; at += 1) {
    const code = text.charCodeAt(at);
    if (Number.isNaN(code) || isBreak(code)) break;
    if (code === COLON) {
      const next = text.charCodeAt(at + 1);
      if (isGap(next) || (isFlow && isFlowIndicator(next))) break;
    }
    if (code === HASH && at > start && isSpace(text.charCodeAt(at - 1))) break;
    if (isFlow && isFlowIndicator(code)) break;
    if (!isSpace(code)) end = at + 1;
  }
  cursor.at = end;
  return text.slice(start, end);
}

/** Refuses characters that cannot begin a plain scalar. */
export function checkPlainStart(cursor: Cursor, isFlow: boolean): void {
  const { text, at } = cursor;
  const char = text.charAt(at);
  const next = text.charCodeAt(at + 1);
  const isIndicator = char === '-' || char === '?' || char === ':';
  const isRefused = isIndicator ? isGap(next) || (isFlow && isFlowIndicator(next)) : refusedStarts.has(char);
  if (isRefused) throw new YamlRefusal(`A value cannot start with ${JSON.stringify(char)} here; quote it`, at);
}

/** Adds the following lines of a plain scalar: those indented deeper than `indent`, until a comment or an indicator. */
export function readPlainRest(cursor: Cursor, first: string, indent: number, isFlow: boolean): string {
  let value = first;
  for (;;) {
    const { text } = cursor;
    let at = cursor.at;
    while (isSpace(text.charCodeAt(at))) at += 1;
    if (!isBreak(text.charCodeAt(at))) return value;
    const next = nextLine({ text, at, lineStart: cursor.lineStart });
    if (next === null || next.at - next.lineStart <= indent || text.charCodeAt(next.at) === HASH) return value;
    if (isFlow && isFlowIndicator(text.charCodeAt(next.at))) return value;
    if (text.slice(next.lineStart, next.at).includes('\t')) throw new YamlRefusal('Tabs cannot indent', next.at);
    if (isFlow && text.charCodeAt(next.at) === COLON) throw new YamlRefusal('A key stands on one line', next.at);
    cursor.at = next.at;
    cursor.lineStart = next.lineStart;
    const line = readPlainLine(cursor, isFlow);
    if (line === '' || isKeyEnd(cursor, isFlow))
      throw new YamlRefusal('A key stands on one line, at the indentation of its map', next.at);
    value += folded(next.blank) + line;
  }
}

/** Whether the cursor, past a scalar, is at the colon that makes it a key. */
export function isKeyEnd(cursor: Cursor, isFlow: boolean, wasQuoted = false): boolean {
  let { at } = cursor;
  while (isSpace(cursor.text.charCodeAt(at))) at += 1;
  if (cursor.text.charCodeAt(at) !== COLON) return false;
  const next = cursor.text.charCodeAt(at + 1);
  return isGap(next) || (isFlow && (wasQuoted || isFlowIndicator(next)));
}
