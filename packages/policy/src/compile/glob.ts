/** A pattern where `*` stands for any text, kept as literals between stars so that analysis can read it. */
export interface Glob {
  readonly pattern: string;
  /** Literal pieces around the stars; one piece means an exact name. */
  readonly pieces: readonly string[];
}

export function globFrom(pattern: string): Glob {
  if (!pattern.includes('*')) return { pattern, pieces: [pattern] };
  const pieces = pattern.split('*');
  const isCollapsible = pieces.length > 2;
  return {
    pattern,
    pieces: isCollapsible ? pieces.filter((piece, at) => piece !== '' || at === 0 || at === pieces.length - 1) : pieces,
  };
}

export const isExact = (glob: Glob): boolean => glob.pieces.length === 1;

/** Leftmost matching of the pieces; each character of the name is looked at a bounded number of times. */
export function globMatches({ pieces }: Glob, name: string): boolean {
  const first = pieces[0] ?? '';
  if (pieces.length === 1) return name === first;
  const last = pieces[pieces.length - 1] ?? '';
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  const end = name.length - last.length;
  let at = first.length;
  for (let index = 1; index < pieces.length - 1; index += 1) {
    const piece = pieces[index] ?? '';
    const found = name.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}

export const anyGlobMatches = (globs: readonly Glob[], name: string): boolean =>
  globs.some((glob) => globMatches(glob, name));
