import { BoundedMemo } from './bounded-memo.ts';
import { anyGlobMatches, type Glob, isExact } from './glob.ts';

/** Where a rule's list of patterns stands in the mask of a dimension. */
export interface MaskBit {
  readonly word: number;
  readonly bit: number;
}

/** One attribute with few values (role, purpose, …): a value becomes a mask of the pattern lists that it satisfies. */
export interface Dimension {
  /** False when no rule constrains it. */
  readonly isUsed: boolean;
  /** The mask of a request that does not carry the attribute. */
  readonly absent: Int32Array;
  readonly maskOf: (value: string) => Int32Array;
}

export interface DimensionBuilder {
  /** Gives a pattern list its bit; null (any value) is bit 0, which every mask has. */
  readonly add: (globs: readonly Glob[] | null) => MaskBit;
  readonly build: (cachedNames: number) => Dimension;
}

const anyBit: MaskBit = { word: 0, bit: 1 };

export function createDimension(): DimensionBuilder {
  const lists = new Map<string, { readonly at: number; readonly globs: readonly Glob[] }>();

  const add: DimensionBuilder['add'] = (globs) => {
    if (globs === null) return anyBit;
    const patterns = globs.map(({ pattern }) => pattern);
    const key = JSON.stringify([...new Set(patterns)].sort());
    const list = lists.get(key) ?? { at: lists.size + 1, globs };
    lists.set(key, list);
    return { word: list.at >>> 5, bit: 1 << (list.at & 31) };
  };

  const build: DimensionBuilder['build'] = (cachedNames) => {
    const words = (lists.size >>> 5) + 1;
    const all = [...lists.values()];
    const withStars = all.filter(({ globs }) => globs.some((glob) => !isExact(glob)));
    const exact = new Map<string, Int32Array>();
    const absent = new Int32Array(words);
    absent[0] = 1;
    for (const { at, globs } of all) {
      for (const glob of globs) {
        if (!isExact(glob)) continue;
        const mask = exact.get(glob.pattern) ?? maskWith(words, withStars, glob.pattern);
        exact.set(glob.pattern, setBit(mask, at));
      }
    }
    const memo = new BoundedMemo<Int32Array>(cachedNames);
    const maskOf = (value: string): Int32Array => {
      const known = exact.get(value);
      if (known !== undefined) return known;
      if (withStars.length === 0) return absent;
      const remembered = memo.get(value);
      if (remembered !== undefined) return remembered;
      const mask = maskWith(words, withStars, value);
      if (value.length <= 256) memo.set(value, mask);
      return mask;
    };
    return { isUsed: lists.size > 0, absent, maskOf };
  };

  return { add, build };
}

function maskWith(words: number, lists: readonly { at: number; globs: readonly Glob[] }[], value: string): Int32Array {
  const mask = new Int32Array(words);
  mask[0] = 1;
  for (const { at, globs } of lists) if (anyGlobMatches(globs, value)) setBit(mask, at);
  return mask;
}

function setBit(mask: Int32Array, at: number): Int32Array {
  mask[at >>> 5] = (mask[at >>> 5] ?? 0) | (1 << (at & 31));
  return mask;
}
