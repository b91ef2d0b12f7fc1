import type { PolicyLimits } from '../limits.ts';
import { lineFinder } from './line-finder.ts';
import type { SourceDocument, SourceResult } from './source.ts';

/** Reads one JSON document. Where things stand inside rules is found by reading the text again when somebody asks. */
export function readJson(text: string, limits: PolicyLimits): SourceResult {
  const lineAt = lineFinder(text);
  const refuse = (detail: string, line?: number): SourceResult => ({
    ok: false,
    errors: [line === undefined ? { pointer: '', detail } : { pointer: '', detail, line }],
  });
  if (text.length > limits.jsonLength) {
    return refuse(`A JSON document has at most ${String(limits.jsonLength)} characters`);
  }
  const scan = scanJson(text, limits.documentDepth);
  if (scan.tooDeepAt !== null) {
    return refuse(`A document nests at most ${String(limits.documentDepth)} deep`, lineAt(scan.tooDeepAt));
  }
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, documents: [{ value, lineOf: placeFinder(text, scan.ruleLines, lineAt) }] };
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'The text is no JSON';
    const position = /position (\d+)/.exec(detail)?.[1];
    return refuse(detail, position === undefined ? undefined : lineAt(Number(position)));
  }
}

interface JsonScan {
  /** Line of each map in the top-level `rules`. */
  readonly ruleLines: readonly (number | undefined)[];
  readonly tooDeepAt: number | null;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const NEWLINE = 0x0a;
const COMMA = 0x2c;

/** One pass that measures nesting and notes where rules begin; strings are skipped whole. */
function scanJson(text: string, depthLimit: number): JsonScan {
  const ruleLines: (number | undefined)[] = [];
  let index = 0;
  let depth = 0;
  let line = 1;
  let isInRules = false;
  let lastString = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === SPACE) continue;
    if (char === NEWLINE) line += 1;
    else if (char === QUOTE) {
      const end = stringEnd(text, at);
      if (depth === 1) lastString = text.slice(at + 1, end);
      at = end;
    } else if (char === OPEN_BRACE || char === OPEN_BRACKET) {
      depth += 1;
      if (depth > depthLimit) return { ruleLines, tooDeepAt: at };
      if (depth === 2) {
        isInRules = char === OPEN_BRACKET && lastString === 'rules';
        if (isInRules) ruleLines.length = index = 0;
      }
      if (depth === 3 && isInRules && char === OPEN_BRACE) ruleLines[index] = line;
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
    else if (char === COMMA && depth === 2) index += 1;
  }
  return { ruleLines, tooDeepAt: null };
}

/** Where the string that begins at `start` has its closing quote. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) break;
    if (char === BACKSLASH) at += 1;
  }
  return at;
}

/** Finds lines in valid JSON text: those of rules are known, for others the maps and lists on the path are read again. */
function placeFinder(
  text: string,
  ruleLines: readonly (number | undefined)[],
  lineAt: (offset: number) => number,
): SourceDocument['lineOf'] {
  const start = text.search(/\S/);
  const known = new Map<number, Entries>();
  const entriesOf = (at: number): Entries => {
    const entries = known.get(at) ?? entriesAt(text, at);
    known.set(at, entries);
    return entries;
  };
  return (path) => {
    const [first, second] = path;
    const ruleLine = path.length === 2 && first === 'rules' ? ruleLines[Number(second)] : undefined;
    if (ruleLine !== undefined) return ruleLine;
    let place: Place = { at: start, valueAt: start };
    for (const key of path) {
      const inner = entriesOf(place.valueAt).get(String(key));
      if (inner === undefined) break;
      place = inner;
    }
    return lineAt(place.at);
  };
}

/** Where an entry of a map (its key) or list begins, and where its value does. */
interface Place {
  readonly at: number;
  readonly valueAt: number;
}
type Entries = ReadonlyMap<string, Place>;

const between = /[\s,:]*/y;
const scalar = /[^\s,\]}]*/y;

/** The entries of the map or list that opens at `start`, by key or index; none for other values. Of a repeated key the last counts. */
function entriesAt(text: string, start: number): Entries {
  const entries = new Map<string, Place>();
  const open = text.charCodeAt(start);
  if (open !== OPEN_BRACE && open !== OPEN_BRACKET) return entries;
  for (let at = endOf(between, text, start + 1); ; at = endOf(between, text, at)) {
    const char = text.charCodeAt(at);
    if (char === CLOSE_BRACE || char === CLOSE_BRACKET) return entries;
    const keyEnd = open === OPEN_BRACE ? stringEnd(text, at) + 1 : at;
    const key = open === OPEN_BRACE ? String(JSON.parse(text.slice(at, keyEnd))) : String(entries.size);
    const valueAt = open === OPEN_BRACE ? endOf(between, text, keyEnd) : at;
    entries.set(key, { at, valueAt });
    at = valueEnd(text, valueAt);
  }
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = stringEnd(text, at);
    else if (char === OPEN_BRACE || char === OPEN_BRACKET) depth += 1;
    else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
    else if (depth === 0) return endOf(scalar, text, at);
    if (depth === 0) return at + 1;
  }
}

function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  pattern.test(text);
  return pattern.lastIndex;
}
