import { type Cursor, END, folded, HASH, isBreak, isGap, isSpace, nextLine, refuseTabs } from './cursor.ts';
import { YamlRefusal } from './yaml-refusal.ts';

const COLON = 0x3a;
/** The plain scalars that stand for something else than text and numbers. */
const words = new Map([
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
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
  const word = text.length > 5 ? undefined : words.get(text);
  return word === undefined ? text : word;
}

const isFlowIndicator = (code: number | undefined): boolean =>
  code === 0x2c || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d;

const refusedStarts = new Set('#&*!|>\'"%@`,[]{}');

/** The part of a plain scalar on this line, without trailing space; the cursor stops behind it. */
export function readPlainLine(cursor: Cursor, isFlow: boolean): string {
  const { codes } = cursor;
  const start = cursor.at;
  let end = start;
  while (((codes[end] ?? END) > COLON && !isFlow) || !isPlainEnd(cursor, end, isFlow)) end += 1;
  while (end > start && isSpace(codes[end - 1])) end -= 1;
  cursor.at = end;
  return cursor.text.slice(start, end);
}

function isPlainEnd({ codes, at: start }: Cursor, at: number, isFlow: boolean): boolean {
  const code = codes[at];
  if (code === COLON) {
    const next = codes[at + 1];
    return isGap(next) || (isFlow && isFlowIndicator(next));
  }
  if (code === HASH) return at > start && isSpace(codes[at - 1]);
  return code === END || isBreak(code) || (isFlow && isFlowIndicator(code));
}

const isLowerCase = (code = END): boolean => code >= 0x61 && code <= 0x7a;

/** Refuses characters that cannot begin a plain scalar. */
export function checkPlainStart(cursor: Cursor, isFlow: boolean): void {
  const { at } = cursor;
  if (isLowerCase(cursor.codes[at])) return;
  const char = cursor.text.charAt(at);
  const next = cursor.codes[at + 1];
  const isIndicator = char === '-' || char === '?' || char === ':';
  const isRefused = isIndicator ? isGap(next) || (isFlow && isFlowIndicator(next)) : refusedStarts.has(char);
  if (isRefused) throw new YamlRefusal(`A value cannot start with ${JSON.stringify(char)} here; quote it`, at);
}

/** Adds the following lines of a plain scalar: those indented deeper than `indent`, until a comment or an indicator. */
export function readPlainRest(cursor: Cursor, first: string, indent: number, isFlow: boolean): string {
  const { codes } = cursor;
  let value = first;
  for (;;) {
    let at = cursor.at;
    while (isSpace(codes[at])) at += 1;
    if (!isBreak(codes[at])) return value;
    const next = nextLine(cursor, at);
    if (next === null || next.at - next.lineStart <= indent || codes[next.at] === HASH) return value;
    if (isFlow && isFlowIndicator(codes[next.at])) return value;
    refuseTabs(cursor, next.lineStart, next.at);
    if (isFlow && codes[next.at] === COLON) throw new YamlRefusal('A key stands on one line', next.at);
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
  const { codes } = cursor;
  let { at } = cursor;
  while (isSpace(codes[at])) at += 1;
  if (codes[at] !== COLON) return false;
  const next = codes[at + 1];
  return isGap(next) || (isFlow && (wasQuoted || isFlowIndicator(next)));
}
