import type { CompiledRule } from './compiled-rule.ts';
import { type Glob, globMatches, isExact } from './glob.ts';

/** Rules by the name they are about: exact names, literal heads by length, and patterns that start with a star. */
export interface NameIndex {
  readonly exact: Map<string, CompiledRule[]>;
  readonly heads: Map<number, Map<string, CompiledRule[]>>;
  readonly residual: { readonly glob: Glob; readonly rule: CompiledRule }[];
}

export const createNameIndex = (): NameIndex => ({ exact: new Map(), heads: new Map(), residual: [] });

export function addToIndex(index: NameIndex, globs: readonly Glob[], rule: CompiledRule): void {
  for (const glob of globs) {
    const head = glob.pieces[0] ?? '';
    if (isExact(glob)) push(index.exact, head, rule);
    else if (head === '') index.residual.push({ glob, rule });
    else {
      const byHead = index.heads.get(head.length) ?? new Map<string, CompiledRule[]>();
      index.heads.set(head.length, byHead);
      push(byHead, head, rule);
    }
  }
}

/** Adds to `found` every rule that may be about the name; the caller checks them in full. */
export function collectFrom(index: NameIndex, name: string, found: Set<CompiledRule>): void {
  for (const rule of index.exact.get(name) ?? []) found.add(rule);
  for (const [length, byHead] of index.heads) {
    if (length > name.length) continue;
    for (const rule of byHead.get(name.slice(0, length)) ?? []) found.add(rule);
  }
  for (const { glob, rule } of index.residual) if (globMatches(glob, name)) found.add(rule);
}

export function largestBucket(index: NameIndex): readonly CompiledRule[] {
  let largest: readonly CompiledRule[] = [];
  for (const bucket of index.exact.values()) if (bucket.length > largest.length) largest = bucket;
  for (const byHead of index.heads.values()) {
    for (const bucket of byHead.values()) if (bucket.length > largest.length) largest = bucket;
  }
  return largest;
}

function push(map: Map<string, CompiledRule[]>, key: string, rule: CompiledRule): void {
  const bucket = map.get(key);
  if (bucket === undefined) map.set(key, [rule]);
  else if (bucket.at(-1) !== rule) bucket.push(rule);
}
