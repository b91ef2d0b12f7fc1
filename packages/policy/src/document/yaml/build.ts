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
  /** Places are kept for collections down to this depth; all of them are wanted only after an error. */
  readonly placedDepth: number;
  readonly anchors: Map<string, Anchored>;
  nodes: number;
  /** Deepest nesting seen so far below the anchor being read. */
  deepest: number;
  readonly limits: PolicyLimits;
}

export const createBuilder = (limits: PolicyLimits, placedDepth: number): Builder => ({
  places: new Map(),
  placedDepth,
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
  readonly places: Places | null;
}

export function startList(builder: Builder, depth: number): ListBuilder {
  const list: unknown[] = [];
  return { list, places: placesFor(builder, list, depth) };
}

export interface RecordBuilder {
  readonly record: Record<string, unknown>;
  readonly places: Places | null;
  size: number;
}

export function startRecord(builder: Builder, depth: number): RecordBuilder {
  const record: Record<string, unknown> = {};
  return { record, places: placesFor(builder, record, depth), size: 0 };
}

function placesFor(builder: Builder, collection: object, depth: number): Places | null {
  if (depth > builder.placedDepth) return null;
  const places: Places = { keys: [], offsets: [] };
  builder.places.set(collection, places);
  return places;
}

/** Refuses a key that may not be set; the caller sets it once its value is read. */
export function claimKey(map: RecordBuilder, key: string, at: number, limits: PolicyLimits): void {
  if (map.size >= limits.keysPerMap) throw new YamlRefusal(`A map holds at most ${String(limits.keysPerMap)} keys`, at);
  if (key === '__proto__') throw new YamlRefusal('The key __proto__ is refused', at);
  if (Object.hasOwn(map.record, key)) throw new YamlRefusal(`The key ${key.slice(0, 100)} is repeated`, at);
  map.size += 1;
  map.places?.keys.push(key);
  map.places?.offsets.push(at);
}
