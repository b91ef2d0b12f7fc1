import { readBlockScalar } from './block-scalar.ts';
import { alias, anchor, type Builder, claimKey, countNode, startList, startRecord } from './build.ts';
import { atMarker, type Cursor, columnOf, isGap, isSpace, skipBlank, skipToLineEnd } from './cursor.ts';
import { readFlow, readName } from './flow.ts';
import { readQuoted } from './quoted.ts';
import { checkPlainStart, isKeyEnd, readPlainLine, readPlainRest, resolvePlain } from './scalars.ts';
import { YamlRefusal } from './yaml-refusal.ts';

/** What holds the value that is read: its indentation, and whether the value starts on the line of its key. */
interface Holder {
  readonly indent: number;
  readonly isInline: boolean;
}

export const isDash = (cursor: Cursor): boolean =>
  cursor.codes[cursor.at] === 0x2d && isGap(cursor.codes[cursor.at + 1]);

/** Reads the value at the cursor, which is on content. */
export function readNode(cursor: Cursor, builder: Builder, holder: Holder, depth: number): unknown {
  const { text, at } = cursor;
  const char = text.charAt(at);
  if (char === '&') return readAnchored(cursor, builder, holder, depth);
  if (char === '!') throw new YamlRefusal('Tags are refused', at);
  if (char === '?' && isGap(cursor.codes[at + 1])) throw new YamlRefusal('Keys are plain text', at);
  if (char === '|' || char === '>') {
    countNode(builder, depth, at);
    return readBlockScalar(cursor, holder.indent);
  }
  if (isDash(cursor)) {
    if (holder.isInline) throw new YamlRefusal('A list starts on its own line', at);
    return readList(cursor, builder, depth);
  }
  const { lineStart } = cursor;
  if (char === '*' || char === '[' || char === '{') {
    const value =
      char === '*' ? alias(builder, readName(cursor), depth, at) : readFlow(cursor, builder, holder.indent, depth);
    if (isKeyEnd(cursor, false)) throw new YamlRefusal('Keys are plain text', at);
    return value;
  }
  const isQuoted = char === '"' || char === "'";
  if (!isQuoted) checkPlainStart(cursor, false);
  const first = isQuoted ? readQuoted(cursor, holder.indent) : readPlainLine(cursor, false);
  if (isKeyEnd(cursor, false)) {
    if (holder.isInline) throw new YamlRefusal('A map starts on its own line, or the text needs quotes', at);
    if (cursor.lineStart !== lineStart) throw new YamlRefusal('A key stands on one line', at);
    return readMap(cursor, builder, at, first, depth);
  }
  countNode(builder, depth, at);
  return isQuoted ? first : resolvePlain(readPlainRest(cursor, first, holder.indent, false));
}

function readAnchored(cursor: Cursor, builder: Builder, holder: Holder, depth: number): unknown {
  const { at } = cursor;
  const name = readName(cursor);
  if (!isGap(cursor.codes[cursor.at])) throw new YamlRefusal('An anchor stands before a value', at);
  const isAlone = skipToLineEnd(cursor);
  const next = cursor.text.charAt(cursor.at);
  if (!isAlone) {
    const isScalarOrFlow = next !== '&' && next !== '*' && !isDash(cursor);
    if (!isScalarOrFlow) throw new YamlRefusal('An anchor stands before a value', at);
    return anchor(builder, name, depth, () => readNode(cursor, builder, { ...holder, isInline: true }, depth));
  }
  if (!skipBlank(cursor) || atMarker(cursor) || columnOf(cursor) <= holder.indent) {
    throw new YamlRefusal('An anchor stands before a value', at);
  }
  if (cursor.text.charAt(cursor.at) === '&') throw new YamlRefusal('A value has one anchor', cursor.at);
  return anchor(builder, name, depth, () => readNode(cursor, builder, { ...holder, isInline: false }, depth));
}

function readList(cursor: Cursor, builder: Builder, depth: number): unknown[] {
  const indent = columnOf(cursor);
  countNode(builder, depth, cursor.at);
  const { list, places } = startList(builder, depth);
  while (isDash(cursor)) {
    places?.offsets.push(cursor.at);
    cursor.at += 1;
    list.push(readItem(cursor, builder, indent, depth + 1));
    if (!toNextEntry(cursor, indent)) break;
    if (!isDash(cursor)) {
      if (columnOf(cursor) === indent) break;
      throw new YamlRefusal('Expected an item of the list', cursor.at);
    }
  }
  return list;
}

function readItem(cursor: Cursor, builder: Builder, indent: number, depth: number): unknown {
  const { at } = cursor;
  if (!skipToLineEnd(cursor)) {
    if (cursor.text.slice(at, cursor.at).includes('\t')) throw new YamlRefusal('Tabs cannot indent', at);
    return readNode(cursor, builder, { indent, isInline: false }, depth);
  }
  if (skipBlank(cursor) && !atMarker(cursor) && columnOf(cursor) > indent) {
    return readNode(cursor, builder, { indent, isInline: false }, depth);
  }
  countNode(builder, depth, at);
  return null;
}

function readMap(
  cursor: Cursor,
  builder: Builder,
  firstAt: number,
  firstKey: string,
  depth: number,
): Record<string, unknown> {
  const indent = firstAt - cursor.lineStart;
  countNode(builder, depth, firstAt);
  const map = startRecord(builder, depth);
  let key = firstKey;
  let keyAt = firstAt;
  for (;;) {
    claimKey(map, key, keyAt, builder.limits);
    while (isSpace(cursor.codes[cursor.at])) cursor.at += 1;
    cursor.at += 1;
    map.record[key] = readMapValue(cursor, builder, indent, depth + 1);
    if (!toNextEntry(cursor, indent)) return map.record;
    keyAt = cursor.at;
    key = readBlockKey(cursor);
  }
}

function readMapValue(cursor: Cursor, builder: Builder, indent: number, depth: number): unknown {
  const { at } = cursor;
  if (!skipToLineEnd(cursor)) return readNode(cursor, builder, { indent, isInline: true }, depth);
  if (skipBlank(cursor) && !atMarker(cursor)) {
    const column = columnOf(cursor);
    if (column > indent || (column === indent && isDash(cursor))) {
      const holder = { indent: column > indent ? indent : indent - 1, isInline: false };
      return readNode(cursor, builder, holder, depth);
    }
  }
  countNode(builder, depth, at);
  return null;
}

/** Goes to the next entry at `indent`; false when the collection ends here. */
function toNextEntry(cursor: Cursor, indent: number): boolean {
  const { lineStart } = cursor;
  const wasAtStart = cursor.at === lineStart;
  if (!skipBlank(cursor) || atMarker(cursor)) return false;
  if (cursor.lineStart === lineStart && !wasAtStart && columnOf(cursor) > indent) {
    throw new YamlRefusal('Unexpected text after the value', cursor.at);
  }
  const column = columnOf(cursor);
  if (column > indent) throw new YamlRefusal('The indentation fits nothing above', cursor.at);
  return column === indent;
}

function readBlockKey(cursor: Cursor): string {
  const { at, lineStart, text } = cursor;
  const char = text.charAt(at);
  if ('&*!?[{|>'.includes(char) && (char !== '?' || isGap(cursor.codes[at + 1]))) {
    throw new YamlRefusal('Keys are plain text', at);
  }
  const isQuoted = char === '"' || char === "'";
  if (!isQuoted) checkPlainStart(cursor, false);
  const key = isQuoted ? readQuoted(cursor, -1) : readPlainLine(cursor, false);
  if (!isKeyEnd(cursor, false)) throw new YamlRefusal('Expected a key followed by a colon', at);
  if (cursor.lineStart !== lineStart) throw new YamlRefusal('A key stands on one line', at);
  return key;
}
