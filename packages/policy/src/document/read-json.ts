import type { PolicyLimits } from '../limits.ts';
import type { Path, SourceDocument, SourceResult } from './source.ts';

/** Reads one JSON document. Lines are found by scanning the text again, and only when somebody asks. */
export function readJson(text: string, limits: PolicyLimits): SourceResult {
  const refuse = (detail: string, line?: number): SourceResult => ({
    ok: false,
    errors: [line === undefined ? { pointer: '', detail } : { pointer: '', detail, line }],
  });
  if (text.length > limits.jsonLength) {
    return refuse(`A JSON document has at most ${String(limits.jsonLength)} characters`);
  }
  const scan = scanJson(text, limits.documentDepth);
  if (scan.tooDeepAt !== null) {
    return refuse(`A document nests at most ${String(limits.documentDepth)} deep`, lineAt(text, scan.tooDeepAt));
  }
  try {
    const value: unknown = JSON.parse(text);
    return { ok: true, documents: [{ value, lineOf: lineFinder(text, scan.ruleLines) }] };
  } catch (error) {
    const detail = error instanceof Error ? error.message : 'The text is no JSON';
    const position = /position (\d+)/.exec(detail)?.[1];
    return refuse(detail, position === undefined ? undefined : lineAt(text, Number(position)));
  }
}

interface JsonScan {
  /** Line of each item of the top-level `rules`. */
  readonly ruleLines: readonly number[];
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

/** One pass that measures nesting and notes where rules begin; strings are skipped whole. */
function scanJson(text: string, depthLimit: number): JsonScan {
  const ruleLines: number[] = [];
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
      if (depth === 2) isInRules = char === OPEN_BRACKET && lastString === 'rules';
      if (depth === 3 && isInRules && char === OPEN_BRACE) ruleLines.push(line);
    } else if (char === CLOSE_BRACE || char === CLOSE_BRACKET) depth -= 1;
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

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

/** Finds lines by walking valid JSON text; rule lines come from the first scan. */
function lineFinder(text: string, ruleLines: readonly number[]): SourceDocument['lineOf'] {
  return (path) => {
    const [first, second] = path;
    if (path.length === 2 && first === 'rules' && typeof second === 'number') return ruleLines[second] ?? 1;
    return lineAt(text, offsetOf(text, path));
  };
}

function offsetOf(text: string, path: Path): number {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;
  let found = text.search(/\S/);
  const frames: { key: string | number; isList: boolean; expectsKey: boolean }[] = [];
  const depthReached = (): boolean =>
    frames.length <= path.length && frames.every((frame, depth) => String(frame.key) === String(path[depth]));
  let best = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [value] = match;
    const frame = frames.at(-1);
    if (value === '}' || value === ']') frames.pop();
    else if (value === ',') {
      if (frame?.isList === true) frame.key = Number(frame.key) + 1;
      else if (frame !== undefined) frame.expectsKey = true;
    } else if (value !== ':') {
      const isKey = frame !== undefined && !frame.isList && frame.expectsKey;
      if (isKey) {
        frame.key = String(JSON.parse(value));
        frame.expectsKey = false;
      }
      if ((isKey || frame?.isList === true) && frames.length > best && depthReached()) {
        best = frames.length;
        found = match.index;
        if (best === path.length) return found;
      }
      if (!isKey && (value === '{' || value === '[')) {
        frames.push({ key: value === '[' ? 0 : '', isList: value === '[', expectsKey: value === '{' });
      }
    }
  }
  return found;
}
