import { YamlRefusal } from './yaml-refusal.ts';

export const NEWLINE = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
export const HASH = 0x23;
const RETURN = 0x0d;

/** Ends the codes of a text, which itself holds no such character. */
export const END = 0;

/** A place in the text. `lineStart` belongs to the line of `at`, so that the column is their difference. */
export interface Cursor {
  readonly text: string;
  /** The UTF-16 code units of the text and END: twice as fast to look at as the text. */
  readonly codes: Uint16Array;
  at: number;
  lineStart: number;
}

/** The start of a text, which must not hold the character 0. */
export function cursorFrom(text: string): Cursor {
  const codes = new Uint16Array(text.length + 1);
  Buffer.from(codes.buffer).write(text, 'utf16le');
  const at = text.startsWith('\uFEFF') ? 1 : 0;
  return { text, codes, at, lineStart: at };
}

export const columnOf = (cursor: Cursor): number => cursor.at - cursor.lineStart;

export const isBreak = (code: number | undefined): boolean => code === NEWLINE || code === RETURN;
export const isSpace = (code: number | undefined): boolean => code === SPACE || code === TAB;
/** White space or the end of the text. */
export const isGap = (code: number | undefined): boolean => isSpace(code) || isBreak(code) || code === END;

/** Skips spaces, tabs and a comment on this line; true when nothing else is left on it. */
export function skipToLineEnd(cursor: Cursor): boolean {
  const { text, codes } = cursor;
  const start = cursor.at;
  let at = start;
  while (isSpace(codes[at])) at += 1;
  cursor.at = at;
  const code = codes[at];
  const isComment = code === HASH && (at === cursor.lineStart || at > start || isSpace(codes[start - 1]));
  if (isComment) {
    const end = text.indexOf('\n', at);
    cursor.at = end < 0 ? text.length : end;
    return true;
  }
  return isBreak(code) || code === END;
}

/** Steps over a line break; false at the end of the text. */
export function skipBreak(cursor: Cursor): boolean {
  if (!isBreak(cursor.codes[cursor.at])) return false;
  cursor.at += breakLength(cursor.codes, cursor.at);
  cursor.lineStart = cursor.at;
  return true;
}

const breakLength = (codes: Uint16Array, at: number): number =>
  codes[at] === RETURN && codes[at + 1] === NEWLINE ? 2 : 1;

/** Goes to the next content, over blank lines and comments; false when there is none. */
export function skipBlank(cursor: Cursor): boolean {
  let wasLineStart = cursor.at === cursor.lineStart;
  while (skipToLineEnd(cursor)) {
    if (!skipBreak(cursor)) return false;
    wasLineStart = true;
  }
  if (wasLineStart) refuseTabs(cursor, cursor.lineStart, cursor.at);
  return true;
}

/** Refuses tabs in the indentation from `start` to the content at `at`. */
export function refuseTabs(cursor: Cursor, start: number, at: number): void {
  const { codes } = cursor;
  for (let before = start; before < at; before += 1) {
    if (codes[before] === TAB) throw new YamlRefusal('Tabs cannot indent', at);
  }
}

/** `---` or `...` alone at the start of a line. */
export function isMarker(cursor: Cursor, at: number): boolean {
  const { codes } = cursor;
  const code = codes[at];
  if (code !== 0x2d && code !== 0x2e) return false;
  return codes[at + 1] === code && codes[at + 2] === code && isGap(codes[at + 3]);
}

export const atMarker = (cursor: Cursor): boolean => cursor.at === cursor.lineStart && isMarker(cursor, cursor.at);

/** What follows a line break inside a scalar that runs over several lines. */
export interface Continuation {
  /** Empty lines in between. */
  readonly blank: number;
  readonly at: number;
  readonly lineStart: number;
}

/** The next line that is not blank, after the break at `from`; null at the end of the text or at a marker. */
export function nextLine(cursor: Cursor, from: number): Continuation | null {
  const { codes } = cursor;
  let lineStart = from;
  for (let blank = 0; ; blank += 1) {
    lineStart += breakLength(codes, lineStart);
    let at = lineStart;
    while (isSpace(codes[at])) at += 1;
    const code = codes[at];
    if (code === END) return null;
    if (!isBreak(code)) return isMarker(cursor, lineStart) ? null : { blank, at, lineStart };
    lineStart = at;
  }
}

/** One break folds to a space; each further one is kept. */
export const folded = (blank: number): string => (blank === 0 ? ' ' : '\n'.repeat(blank));
