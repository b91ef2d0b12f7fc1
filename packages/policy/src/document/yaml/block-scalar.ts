import { type Cursor, END, isBreak, isMarker, SPACE, skipBreak, skipToLineEnd, TAB } from './cursor.ts';
import { YamlRefusal } from './yaml-refusal.ts';

const header = /([|>])(?:([-+])([1-9])?|([1-9])([-+])?)?/y;

/** Reads a literal (`|`) or folded (`>`) block whose lines are indented deeper than `indent`. */
export function readBlockScalar(cursor: Cursor, indent: number): string {
  const { text } = cursor;
  const start = cursor.at;
  header.lastIndex = start;
  const match = header.exec(text);
  if (match === null) throw new YamlRefusal('The block scalar is malformed', start);
  const [whole, style, chompFirst, digitLast, digitFirst, chompLast] = match;
  cursor.at += whole.length;
  if (!skipToLineEnd(cursor)) throw new YamlRefusal('Text of a block scalar starts on the next line', cursor.at);
  const digit = digitFirst ?? digitLast;
  const lines = readLines(cursor, indent, digit === undefined ? null : Math.max(indent, 0) + Number(digit));
  let last = lines.length;
  while (last > 0 && lines[last - 1] === '') last -= 1;
  const content = lines.slice(0, last);
  const body = style === '|' ? content.join('\n') : fold(content);
  const chomp = chompFirst ?? chompLast;
  if (chomp === '-') return body;
  if (chomp === '+') return body + '\n'.repeat(lines.length - last + (last > 0 ? 1 : 0));
  return last > 0 ? `${body}\n` : '';
}

/** The lines without their indentation. The cursor ends at the start of the first line that does not belong. */
function readLines(cursor: Cursor, indent: number, explicit: number | null): string[] {
  const { text } = cursor;
  const lines: string[] = [];
  let margin = explicit;
  let widestBlank = 0;
  while (skipBreak(cursor)) {
    const { lineStart } = cursor;
    let at = lineStart;
    while (cursor.codes[at] === SPACE && (margin === null || at - lineStart < margin)) at += 1;
    const code = cursor.codes[at];
    const width = at - lineStart;
    if (isBreak(code)) {
      widestBlank = Math.max(widestBlank, width);
      lines.push('');
      cursor.at = at;
      continue;
    }
    if (code === END) {
      cursor.at = at;
      if (width > 0 && margin !== null && width >= margin) lines.push('');
      return lines;
    }
    if (code === TAB && width <= indent) throw new YamlRefusal('Tabs cannot indent', at);
    if (width <= indent || (margin !== null && width < margin) || isMarker(cursor, lineStart)) return lines;
    margin ??= width;
    if (widestBlank > margin && lines.every((line) => line === '')) {
      throw new YamlRefusal('A blank line before the text is indented deeper than the text', at);
    }
    cursor.at = lineStart + margin;
    const start = cursor.at;
    while (!isBreak(cursor.codes[cursor.at]) && cursor.at < text.length) cursor.at += 1;
    lines.push(text.slice(start, cursor.at));
  }
  return lines;
}

/** Folds lines into paragraphs; lines that start with white space keep their breaks. */
function fold(lines: readonly string[]): string {
  let body = '';
  let blank = 0;
  let wasSpaced = true;
  let isFirst = true;
  for (const line of lines) {
    if (line === '') {
      blank += 1;
      continue;
    }
    const isSpaced = line.startsWith(' ') || line.startsWith('\t');
    if (isFirst) body += '\n'.repeat(blank);
    else if (isSpaced || wasSpaced) body += '\n'.repeat(blank + 1);
    else body += blank === 0 ? ' ' : '\n'.repeat(blank);
    body += line;
    blank = 0;
    wasSpaced = isSpaced;
    isFirst = false;
  }
  return body;
}
