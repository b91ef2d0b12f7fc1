import type { PolicyLimits } from '../limits.ts';
import { lineFinder } from './line-finder.ts';
import type { Path, SourceDocument, SourceResult } from './source.ts';
import { readNode } from './yaml/block.ts';
import { type Builder, createBuilder } from './yaml/build.ts';
import { atMarker, type Cursor, cursorFrom, skipBlank, skipBreak, skipToLineEnd } from './yaml/cursor.ts';
import { YamlRefusal } from './yaml/yaml-refusal.ts';

const unprintable = /[^\P{Cc}\t\n\r\x85]|[\ufffe\uffff]/u;

/**
 * Reads a YAML stream of one or more documents in one pass over the text. It is YAML 1.2 with the core schema; tags,
 * keys that are no text, and directives are refused. Size, nesting and the expansion of aliases are bounded while reading.
 */
export function readYaml(text: string, limits: PolicyLimits): SourceResult {
  if (text.length > limits.yamlLength) {
    const detail = `A YAML document has at most ${String(limits.yamlLength)} characters`;
    return { ok: false, errors: [{ pointer: '', detail }] };
  }
  const cursor = cursorFrom(text);
  const lineAt = lineFinder(text);
  try {
    const bad = unprintable.exec(text);
    if (bad !== null) throw new YamlRefusal('The text holds a character that is not printable', bad.index);
    return {
      ok: true,
      documents: readStream(cursor, limits, shallow).map((read, index) =>
        sourceFrom(read, index, text, limits, lineAt),
      ),
    };
  } catch (error) {
    if (!(error instanceof YamlRefusal)) throw error;
    return { ok: false, errors: [{ pointer: '', detail: error.message, line: lineAt(error.at) }] };
  }
}

interface ReadDocument {
  readonly value: unknown;
  readonly at: number;
  readonly places: Builder['places'];
}

/** Lines of rules are always asked for, deeper ones only after an error. */
const shallow = 1;

function readStream(cursor: Cursor, limits: PolicyLimits, placedDepth: number): ReadDocument[] {
  const documents: ReadDocument[] = [];
  const total = { nodes: 0 };
  let mayStart = true;
  while (skipBlank(cursor)) {
    let isInline = false;
    if (atMarker(cursor)) {
      const isEnd = cursor.text.charAt(cursor.at) === '.';
      cursor.at += 3;
      mayStart = true;
      if (isEnd) {
        if (!skipToLineEnd(cursor)) throw new YamlRefusal('Unexpected text after the end of the document', cursor.at);
        continue;
      }
      if (skipToLineEnd(cursor)) {
        if (!skipBreak(cursor)) break;
        if (!skipBlank(cursor)) break;
        if (atMarker(cursor)) continue;
      } else isInline = true;
    }
    if (!mayStart) throw new YamlRefusal('Unexpected text after the value', cursor.at);
    if (cursor.text.charAt(cursor.at) === '%') throw new YamlRefusal('Directives are refused', cursor.at);
    const builder = createBuilder(limits, placedDepth);
    builder.nodes = total.nodes;
    const at = cursor.at;
    const value = readNode(cursor, builder, { indent: -1, isInline }, 0);
    total.nodes = builder.nodes;
    documents.push({ value, at, places: builder.places });
    mayStart = false;
  }
  return documents;
}

/** The document with its lines; deep paths make it read the text once more, this time noting every place. */
function sourceFrom(
  read: ReadDocument,
  index: number,
  text: string,
  limits: PolicyLimits,
  lineAt: (offset: number) => number,
): SourceDocument {
  let deep: ReadDocument | null = null;
  const lineOf: SourceDocument['lineOf'] = (path) => {
    if (path.length <= shallow + 1) return lineAt(offsetOf(read, path));
    deep ??= readStream(cursorFrom(text), limits, limits.documentDepth)[index] ?? read;
    return lineAt(offsetOf(deep, path));
  };
  return { value: read.value, lineOf };
}

function offsetOf({ value: root, at, places }: ReadDocument, path: Path): number {
  let offset = at;
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) break;
    const children = places.get(value);
    const index = Array.isArray(value) ? Number(key) : (children?.keys.indexOf(String(key)) ?? -1);
    const found = children?.offsets[index];
    if (found === undefined) break;
    offset = found;
    value = Array.isArray(value) ? value[index] : Reflect.get(value, key);
  }
  return offset;
}
