import type { PolicyLimits } from '../../limits.ts';
import { YamlRefusal } from './yaml-refusal.ts';

/** Where the children of a collection were written. */
export interface Places {
  readonly keys: (string | number)[];
  readonly offsets: number[];
}

interface Anchored {
  readonly value: unknown;
  readonly nodes: number;
  readonly depth: number;
}

/** Collects the values of one document and keeps its bounds. */
export interface Builder {
  readonly places: Map<object, Places>;
  readonly anchors: Map<string, Anchored>;
  nodes: number;
  /** Deepest nesting seen so far below the anchor being read. */
  deepest: number;
  readonly limits: PolicyLimits;
}

export const createBuilder = (limits: PolicyLimits): Builder => ({
  places: new Map(),
  anchors: new Map(),
  nodes: 0,
  deepest: 0,
  limits,
});

/** Counts a value at a depth; refuses documents that are too large or too deep. */
export function countNode(builder: Builder, depth: number, at: number, nodes = 1): void {
  builder.nodes += nodes;
  builder.deepest = Math.max(builder.deepest, depth);
  const { documentDepth, documentNodes } = builder.limits;
  if (builder.nodes > documentNodes) throw new YamlRefusal('The document holds too many values', at);
  if (depth > documentDepth) throw new YamlRefusal(`A document nests at most ${String(documentDepth)} deep`, at);
}

/** Reads an anchored value and remembers it with its size, so that an alias counts for all it stands for. */
export function anchor(builder: Builder, name: string, depth: number, read: () => unknown): unknown {
  const nodesBefore = builder.nodes;
  const deepestBefore = builder.deepest;
  builder.deepest = depth;
  builder.anchors.delete(name);
  const value = read();
  builder.anchors.set(name, { value, nodes: builder.nodes - nodesBefore, depth: builder.deepest - depth });
  builder.deepest = Math.max(builder.deepest, deepestBefore);
  return value;
}

export function alias(builder: Builder, name: string, depth: number, at: number): unknown {
  const target = builder.anchors.get(name);
  if (target === undefined) throw new YamlRefusal(`The alias *${name} has no value`, at);
  countNode(builder, depth + target.depth, at, target.nodes);
  return target.value;
}

export interface ListBuilder {
  readonly list: unknown[];
  readonly places: Places;
}

export function startList(builder: Builder): ListBuilder {
  const list: unknown[] = [];
  const places: Places = { keys: [], offsets: [] };
  builder.places.set(list, places);
  return { list, places };
}

export interface RecordBuilder {
  readonly record: Record<string, unknown>;
  readonly places: Places;
}

export function startRecord(builder: Builder): RecordBuilder {
  const record: Record<string, unknown> = {};
  const places: Places = { keys: [], offsets: [] };
  builder.places.set(record, places);
  return { record, places };
}

export function claimKey({ record, places }: RecordBuilder, key: string, at: number, limits: PolicyLimits): void {
  if (places.keys.length >= limits.keysPerMap) {
    throw new YamlRefusal(`A map holds at most ${String(limits.keysPerMap)} keys`, at);
  }
  if (key === '__proto__') throw new YamlRefusal('The key __proto__ is refused', at);
  if (Object.hasOwn(record, key)) throw new YamlRefusal(`The key ${key.slice(0, 100)} is repeated`, at);
  record[key] = null;
  places.keys.push(key);
  places.offsets.push(at);
}
