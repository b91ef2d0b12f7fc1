import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml';
import type { PolicyLimits } from '../limits.ts';
import type { DocumentError } from './policy.ts';
import { type Path, pointerFrom, type SourceDocument, type SourceResult } from './source.ts';

class YamlRefusal extends Error {
  readonly path: Path;
  readonly at: number;
  constructor(detail: string, path: Path, at: number) {
    super(detail);
    this.path = path;
    this.at = at;
  }
}

/**
 * Reads a YAML stream of one or more documents. Size, nesting, repeated keys and the expansion of aliases are bounded
 * before anything recursive runs, so that no text can take the process down.
 */
export function readYaml(text: string, limits: PolicyLimits): SourceResult {
  if (text.length > limits.yamlLength) {
    const detail = `A YAML document has at most ${String(limits.yamlLength)} characters; larger ones are read as JSON`;
    return { ok: false, errors: [{ pointer: '', detail }] };
  }
  const lines = new LineCounter();
  const deep = deepLine(text, limits.documentDepth * 2);
  if (deep !== null) {
    const detail = `A document nests at most ${String(limits.documentDepth)} deep`;
    return { ok: false, errors: [{ pointer: '', detail, line: deep }] };
  }
  const composer = new Composer({
    uniqueKeys: false,
    stringKeys: true,
    logLevel: 'silent',
    maxAliasCount: 100,
  } as object);
  const tokens = new Parser(lines.addNewLine).parse(text);
  const documents: SourceDocument[] = [];
  const errors: DocumentError[] = [];
  const budget = { nodes: limits.documentNodes };
  for (const document of composer.compose(tokens, true, text.length)) {
    for (const problem of document.errors.slice(0, 20)) {
      errors.push({ pointer: '', detail: problem.message, line: lines.linePos(problem.pos[0]).line });
    }
    if (document.errors.length > 0) continue;
    try {
      documents.push(sourceFrom(document, lines, limits, budget));
    } catch (error) {
      if (!(error instanceof YamlRefusal)) throw error;
      errors.push({ pointer: pointerFrom(error.path), detail: error.message, line: lines.linePos(error.at).line });
    }
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, documents };
}

/**
 * The line where brackets or indentation first nest deeper than `limit`; null when they never do. It counts brackets
 * in strings too, which only makes it stricter.
 */
function deepLine(text: string, limit: number): number | null {
  let brackets = 0;
  const indents: number[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    let column = 0;
    let markers = 0;
    while (column < line.length && ' -?:\t'.includes(line.charAt(column))) {
      if (line.charAt(column) !== ' ') markers += 1;
      column += 1;
    }
    if (column < line.length) {
      while ((indents.at(-1) ?? -1) >= column) indents.pop();
      indents.push(column);
    }
    for (let at = column; at < line.length; at += 1) {
      const char = line.charCodeAt(at);
      if (char === 0x5b || char === 0x7b) brackets += 1;
      else if ((char === 0x5d || char === 0x7d) && brackets > 0) brackets -= 1;
      if (brackets > limit) return index + 1;
    }
    if (markers > limit || indents.length > limit) return index + 1;
  }
  return null;
}

function sourceFrom(
  document: Document.Parsed,
  lines: LineCounter,
  limits: PolicyLimits,
  budget: { nodes: number },
): SourceDocument {
  const rangeOf = (node: unknown): number =>
    typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
      ? Number(node.range[0])
      : 0;

  const plainFrom = (node: unknown, path: Path, aliases: readonly unknown[]): unknown => {
    budget.nodes -= 1;
    if (budget.nodes < 0) throw new YamlRefusal('The document holds too many values', path, rangeOf(node));
    if (path.length > limits.documentDepth) {
      throw new YamlRefusal(`A document nests at most ${String(limits.documentDepth)} deep`, path, rangeOf(node));
    }
    if (isScalar(node)) {
      const { value } = node;
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
      throw new YamlRefusal('Only text, numbers, booleans and null may be written here', path, rangeOf(node));
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined || aliases.includes(target)) {
        throw new YamlRefusal(`The alias *${node.source} has no value`, path, rangeOf(node));
      }
      return plainFrom(target, path, [...aliases, target]);
    }
    if (isSeq(node)) return node.items.map((item, index) => plainFrom(item, [...path, index], aliases));
    if (!isMap(node)) return null;
    const record: Record<string, unknown> = {};
    for (const { key, value } of node.items) {
      const keyText = isScalar(key) && typeof key.value === 'string' ? key.value : null;
      if (keyText === null || keyText === '__proto__') {
        throw new YamlRefusal('A key is plain text', path, rangeOf(key));
      }
      if (Object.hasOwn(record, keyText)) {
        throw new YamlRefusal(`The key ${keyText} is repeated`, [...path, keyText], rangeOf(key));
      }
      record[keyText] = plainFrom(value, [...path, keyText], aliases);
    }
    return record;
  };

  const lineOf = (path: Path): number => {
    let node: unknown = document.contents;
    let at = rangeOf(node);
    for (const key of path) {
      if (isAlias(node)) node = node.resolve(document);
      if (isSeq(node)) node = node.items[Number(key)];
      else if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
        if (pair === undefined) break;
        at = rangeOf(pair.key);
        node = pair.value;
        continue;
      } else break;
      if (node === undefined) break;
      at = rangeOf(node);
    }
    return lines.linePos(at).line;
  };

  return { value: plainFrom(document.contents, [], []), lineOf };
}
