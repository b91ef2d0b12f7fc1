/** Whether a name matches a glob: `*` is any run of characters, `?` any one. Linear; never a regular expression. */
export function matchesGlob(glob: string, name: string): boolean {
  let g = 0;
  let n = 0;
  let star = -1;
  let resume = 0;
  while (n < name.length) {
    if (glob[g] === '*') {
      star = g;
      g += 1;
      resume = n;
    } else if (g < glob.length && (glob[g] === '?' || glob[g] === name[n])) {
      g += 1;
      n += 1;
    } else if (star >= 0) {
      g = star + 1;
      resume += 1;
      n = resume;
    } else {
      return false;
    }
  }
  while (glob[g] === '*') g += 1;
  return g === glob.length;
}

/** Absent globs match everything; an empty list matches nothing. */
export const matchesAny = (globs: readonly string[] | undefined, names: readonly string[]): boolean =>
  globs === undefined || globs.some((glob) => names.some((name) => matchesGlob(glob, name)));
