import { YamlRefusal } from './yaml-refusal.ts';

export const NEWLINE = 0x0a;
export const SPACE = 0x20;
export const TAB = 0x09;
export const HASH = 0x23;
const RETURN = 0x0d;

/** A place in the text. `lineStart` belongs to the line of `at`, so that the column is their difference. */
export interface Cursor {
  readonly text: string;
  at: number;
  lineStart: number;
}

export const columnOf = (cursor: Cursor): number => cursor.at - cursor.lineStart;

export const isBreak = (code: number): boolean => code === NEWLINE || code === RETURN;
export const isSpace = (code: number): boolean => code === SPACE || code === TAB;
/** White space or the end of the text, where `charCodeAt` answers NaN. */
export const isGap = (code: number): boolean => isSpace(code) || isBreak(code) || Number.isNaN(code);

/** Skips spaces, tabs and a comment on this line; true when nothing else is left on it. */
export function skipToLineEnd(cursor: Cursor): boolean {
  const { text } = cursor;
  const start = cursor.at;
  while (isSpace(text.charCodeAt(cursor.at))) cursor.at += 1;
  const code = text.charCodeAt(cursor.at);
  const isComment =
    code === HASH && (cursor.at === cursor.lineStart || cursor.at > start || isSpace(text.charCodeAt(start - 1)));
  if (isComment) {
    const end = text.indexOf('\n', cursor.at);
    cursor.at = end < 0 ? text.length : end;
    return true;
  }
  return isBreak(code) || Number.isNaN(code);
}

/** Steps over a line break; false at the end of the text. */
export function skipBreak(cursor: Cursor): boolean {
  const code = cursor.text.charCodeAt(cursor.at);
  if (!isBreak(code)) return false;
  cursor.at += code === RETURN && cursor.text.charCodeAt(cursor.at + 1) === NEWLINE ? 2 : 1;
  cursor.lineStart = cursor.at;
  return true;
}

/** Goes to the next content, over blank lines and comments; false when there is none. */
export function skipBlank(cursor: Cursor): boolean {
  let wasLineStart = cursor.at === cursor.lineStart;
  while (skipToLineEnd(cursor)) {
    if (!skipBreak(cursor)) return false;
    wasLineStart = true;
  }
  if (wasLineStart && cursor.text.slice(cursor.lineStart, cursor.at).includes('\t')) {
    throw new YamlRefusal('Tabs cannot indent', cursor.at);
  }
  return true;
}

/** `---` or `...` alone at the start of a line. */
export function isMarker(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code !== 0x2d && code !== 0x2e) return false;
  return (text.startsWith('---', at) || text.startsWith('...', at)) && isGap(text.charCodeAt(at + 3));
}

export const atMarker = (cursor: Cursor): boolean => cursor.at === cursor.lineStart && isMarker(cursor.text, cursor.at);

/** What follows a line break inside a scalar that runs over several lines. */
export interface Continuation {
  /** Empty lines in between. */
  readonly blank: number;
  readonly at: number;
  readonly lineStart: number;
}

/** The next line that is not blank, after the break at the cursor; null at the end of the text or at a marker. */
export function nextLine(cursor: Cursor): Continuation | null {
  const probe: Cursor = { text: cursor.text, at: cursor.at, lineStart: cursor.lineStart };
  let blank = -1;
  while (skipBreak(probe)) {
    blank += 1;
    while (isSpace(probe.text.charCodeAt(probe.at))) probe.at += 1;
    const code = probe.text.charCodeAt(probe.at);
    if (Number.isNaN(code)) return null;
    if (!isBreak(code)) {
      return isMarker(probe.text, probe.lineStart) ? null : { blank, at: probe.at, lineStart: probe.lineStart };
    }
  }
  return null;
}

/** One break folds to a space; each further one is kept. */
export const folded = (blank: number): string => (blank === 0 ? ' ' : '\n'.repeat(blank));
