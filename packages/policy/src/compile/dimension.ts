import { BoundedMemo } from './bounded-memo.ts';
import { type Glob, globMatches, isExact } from './glob.ts';

/** The bit that every request has; only rules without the attribute have it among theirs. */
const anyBit = 1 << 30;
/** The mask of a rule that does not name the attribute, or whose dimension does not fit one word. */
export const unconstrained = -1;
const maxAtoms = 30;

/**
 * One attribute with few values (role, purpose, …). Each pattern that a rule names is a bit; the mask of a request has
 * the bits of the patterns that its value satisfies, so that one AND tells whether a rule applies.
 */
export interface Dimension {
  /** Rules name more patterns than fit one word; they carry their patterns as sets instead. */
  readonly isWide: boolean;
  /** The mask of a rule with these patterns. */
  readonly ruleMask: (globs: readonly Glob[] | null) => number;
  /** The mask of a request with this value, or without one. */
  readonly maskOf: (value: string | undefined) => number;
}

/** Builds a dimension from the pattern lists of all rules. */
export function dimensionFrom(lists: Iterable<readonly Glob[] | null>, cachedNames: number): Dimension {
  const atoms = new Map<string, Glob>();
  for (const globs of lists) {
    if (globs !== null) for (const glob of globs) atoms.set(glob.pattern, glob);
  }
  const isWide = atoms.size > maxAtoms;
  if (isWide || atoms.size === 0) {
    // An empty list fits nothing, as when a rule is for another environment than its policy.
    return { isWide, ruleMask: (globs) => (globs?.length === 0 ? 0 : unconstrained), maskOf: () => anyBit };
  }
  const bits = new Map([...atoms.keys()].map((pattern, at) => [pattern, 1 << at]));
  const starred = [...atoms.values()].filter((glob) => !isExact(glob));
  const starredMask = (value: string): number =>
    starred.reduce((mask, glob) => (globMatches(glob, value) ? mask | (bits.get(glob.pattern) ?? 0) : mask), anyBit);
  const exact = new Map(
    [...atoms.values()]
      .filter(isExact)
      .map(({ pattern }) => [pattern, starredMask(pattern) | (bits.get(pattern) ?? 0)]),
  );
  const memo = new BoundedMemo<number>(cachedNames);
  const unknownMask = (value: string): number => {
    if (starred.length === 0) return anyBit;
    const known = memo.get(value);
    if (known !== undefined) return known;
    const mask = starredMask(value);
    if (value.length <= 256) memo.set(value, mask);
    return mask;
  };
  return {
    isWide,
    ruleMask: (globs) => globs?.reduce((mask, { pattern }) => mask | (bits.get(pattern) ?? 0), 0) ?? unconstrained,
    maskOf: (value) => (value === undefined ? anyBit : (exact.get(value) ?? unknownMask(value))),
  };
}
