import { anyGlobMatches, type Glob, globMatches, isExact } from '../compile/glob.ts';

/** A union of exact names and of patterns with stars. */
export interface NameSet {
  readonly exact: ReadonlySet<string>;
  readonly globs: readonly Glob[];
}

export const nameSetFrom = (globs: readonly Glob[]): NameSet => ({
  exact: new Set(globs.filter(isExact).map(({ pieces }) => pieces[0] ?? '')),
  globs: globs.filter((glob) => !isExact(glob)),
});

export const namesOf = (names: Iterable<string>): NameSet => ({ exact: new Set(names), globs: [] });

/** Literal text around stars; unlike a pattern, the text may hold stars of its own. */
export const around = (...pieces: readonly string[]): NameSet => ({
  exact: new Set(),
  globs: [{ pattern: pieces.join('*'), pieces }],
});

export const everyName = around('', '');

export const hasName = ({ exact, globs }: NameSet, name: string): boolean =>
  exact.has(name) || anyGlobMatches(globs, name);

export const isEveryName = ({ globs }: NameSet): boolean =>
  globs.some(({ pieces }) => pieces.every((piece) => piece === ''));

const readable = 'xyzwvu0123456789qkj';

/** Characters that none of the patterns has in its literals, so that only a star can match them. */
export function* charactersOutside(globs: readonly Glob[]): Generator<string> {
  const isOutside = (character: string): boolean =>
    !globs.some(({ pieces }) => pieces.some((piece) => piece.includes(character)));
  for (const character of readable) if (isOutside(character)) yield character;
  for (let code = 0x4e00; code < 0xd7ff; code += 1) {
    const character = String.fromCharCode(code);
    if (isOutside(character)) yield character;
  }
}

/**
 * Whether every name of `inner` is one of `outer`. Exact: a name whose stars became a character that `outer` does not
 * know can only be matched there by stars, which match anything else as well.
 */
export function globContains(outer: Glob, inner: Glob): boolean {
  const [fresh = ''] = charactersOutside([outer]);
  return globMatches(outer, inner.pieces.join(fresh));
}
