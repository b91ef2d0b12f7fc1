import { alias, anchor, type Builder, claimKey, countNode, startList, startRecord } from './build.ts';
import { type Cursor, columnOf, isGap, skipBlank } from './cursor.ts';
import { readQuoted } from './quoted.ts';
import { checkPlainStart, isKeyEnd, readPlainLine, readPlainRest, resolvePlain } from './scalars.ts';
import { YamlRefusal } from './yaml-refusal.ts';

const namePattern = /[^\s,[\]{}]+/y;

/** The name behind `&` or `*`. */
export function readName(cursor: Cursor): string {
  namePattern.lastIndex = cursor.at + 1;
  const name = namePattern.exec(cursor.text)?.[0];
  if (name === undefined) throw new YamlRefusal('An anchor or alias has a name', cursor.at);
  cursor.at += 1 + name.length;
  return name;
}

/** A list or map in brackets; its lines are indented deeper than `indent`. */
export function readFlow(cursor: Cursor, builder: Builder, indent: number, depth: number): unknown {
  return cursor.text.charAt(cursor.at) === '['
    ? readFlowList(cursor, builder, indent, depth)
    : readFlowMap(cursor, builder, indent, depth);
}

function toContent(cursor: Cursor, indent: number, start: number): string {
  const isInside = skipBlank(cursor);
  if (!isInside) throw new YamlRefusal('The bracket is never closed', start);
  if (columnOf(cursor) <= indent && cursor.lineStart > start) {
    throw new YamlRefusal('Lines inside brackets are indented deeper than what holds them', cursor.at);
  }
  return cursor.text.charAt(cursor.at);
}

function readFlowList(cursor: Cursor, builder: Builder, indent: number, depth: number): unknown[] {
  const start = cursor.at;
  countNode(builder, depth, start);
  const { list, places } = startList(builder, depth);
  cursor.at += 1;
  for (;;) {
    if (toContent(cursor, indent, start) === ']') break;
    places?.offsets.push(cursor.at);
    list.push(readFlowValue(cursor, builder, indent, depth + 1));
    const next = toContent(cursor, indent, start);
    if (next === ':') throw new YamlRefusal('A pair inside a list stands in braces', cursor.at);
    if (next === ',') cursor.at += 1;
    else if (next !== ']') throw new YamlRefusal('Expected a comma or ]', cursor.at);
  }
  cursor.at += 1;
  return list;
}

function readFlowMap(cursor: Cursor, builder: Builder, indent: number, depth: number): Record<string, unknown> {
  const start = cursor.at;
  countNode(builder, depth, start);
  const map = startRecord(builder, depth);
  cursor.at += 1;
  for (;;) {
    if (toContent(cursor, indent, start) === '}') break;
    const keyAt = cursor.at;
    const key = readKey(cursor, keyAt);
    claimKey(map, key, keyAt, builder.limits);
    if (toContent(cursor, indent, start) === ':') {
      cursor.at += 1;
      const next = toContent(cursor, indent, start);
      map.record[key] = next === ',' || next === '}' ? null : readFlowValue(cursor, builder, indent, depth + 1);
    } else {
      countNode(builder, depth + 1, keyAt);
      map.record[key] = null;
    }
    const after = toContent(cursor, indent, start);
    if (after === ',') cursor.at += 1;
    else if (after !== '}') throw new YamlRefusal('Expected a comma or }', cursor.at);
  }
  cursor.at += 1;
  return map.record;
}

function readKey(cursor: Cursor, at: number): string {
  const char = cursor.text.charAt(at);
  const isQuoted = char === '"' || char === "'";
  const { lineStart } = cursor;
  if (!isQuoted) checkPlainStart(cursor, true);
  const key = isQuoted ? readQuoted(cursor, -1) : readPlainLine(cursor, true);
  if (cursor.lineStart !== lineStart) throw new YamlRefusal('A key stands on one line', at);
  const after = cursor.at;
  const isTerminated = isKeyEnd(cursor, true, isQuoted);
  cursor.at = after;
  if (!isTerminated) {
    skipBlank(cursor);
    const next = cursor.text.charAt(cursor.at);
    if (next !== ',' && next !== '}')
      throw new YamlRefusal('A key stands on one line and is followed by a colon', after);
  }
  return key;
}

function readFlowValue(cursor: Cursor, builder: Builder, indent: number, depth: number): unknown {
  const { text, at } = cursor;
  const char = text.charAt(at);
  if (char === '[' || char === '{') return readFlow(cursor, builder, indent, depth);
  if (char === '&') {
    const name = readName(cursor);
    if (!isGap(cursor.codes[cursor.at])) throw new YamlRefusal('An anchor stands before a value', at);
    const next = toContent(cursor, indent, at);
    if (',]}&*'.includes(next)) throw new YamlRefusal('An anchor stands before a value', at);
    return anchor(builder, name, depth, () => readFlowValue(cursor, builder, indent, depth));
  }
  if (char === '*') return alias(builder, readName(cursor), depth, at);
  countNode(builder, depth, at);
  if (char === '"' || char === "'") return readQuoted(cursor, indent);
  checkPlainStart(cursor, true);
  return resolvePlain(readPlainRest(cursor, readPlainLine(cursor, true), indent, true));
}
