import { type Glob, globMatches } from '../compile/glob.ts';
import { type NameSearch, searchName } from './name-automaton.ts';
import { charactersOutside, everyName, globContains, hasName, type NameSet, namesOf } from './name-set.ts';

/** Combinations of patterns tried before giving up. */
const mostCombinations = 2_000;
const nothing: NameSearch = { kind: 'none' };

/** A name in all of `all` and in none of `none`, if there is one. */
export function pickName(all: readonly NameSet[], none: readonly NameSet[]): NameSearch {
  const isPicked = (name: string): boolean =>
    all.every((set) => hasName(set, name)) && !none.some((set) => hasName(set, name));
  const finite = all.find(({ globs }) => globs.length === 0);
  for (const { exact } of finite === undefined ? all : [finite]) {
    for (const name of exact) if (isPicked(name)) return { kind: 'some', name };
  }
  if (finite !== undefined) return nothing;
  let isUnsure = false;
  let tried = 0;
  for (const globs of combinations(all.length === 0 ? [everyName] : all)) {
    tried += 1;
    if (tried > mostCombinations) return { kind: 'unsure' };
    const found = pickInAll(globs, none);
    if (found.kind === 'some') return found;
    isUnsure ||= found.kind === 'unsure';
  }
  return isUnsure ? { kind: 'unsure' } : nothing;
}

/** One pattern of each set, where their heads and tails can go together. */
function* combinations(all: readonly NameSet[], chosen: readonly Glob[] = []): Generator<readonly Glob[]> {
  const [first, ...others] = all;
  if (first === undefined) {
    yield chosen;
    return;
  }
  for (const glob of first.globs) {
    if (chosen.every((other) => canMeet(glob, other))) yield* combinations(others, [...chosen, glob]);
  }
}

const headOf = ({ pieces }: Glob): string => pieces[0] ?? '';
const tailOf = ({ pieces }: Glob): string => pieces[pieces.length - 1] ?? '';

/** Two patterns with stars overlap when one head begins the other and one tail ends the other. */
function canMeet(a: Glob, b: Glob): boolean {
  return (
    (headOf(a).startsWith(headOf(b)) || headOf(b).startsWith(headOf(a))) &&
    (tailOf(a).endsWith(tailOf(b)) || tailOf(b).endsWith(tailOf(a)))
  );
}

const longest = (texts: readonly string[]): string => texts.reduce((a, b) => (b.length > a.length ? b : a), '');

function pickInAll(globs: readonly Glob[], none: readonly NameSet[]): NameSearch {
  const needed = globs.filter(
    (glob, at) =>
      !globs.some(
        (other, index) => index !== at && globContains(glob, other) && (index < at || !globContains(other, glob)),
      ),
  );
  const outside = none.flatMap((set) => set.globs);
  const middles = needed.flatMap(({ pieces }) => pieces.slice(1, -1));
  const parts = [longest(needed.map(headOf)), ...middles, longest(needed.map(tailOf))];
  let fresh = '';
  for (const character of charactersOutside([...needed, ...outside])) {
    fresh = character;
    const name = parts.join(character);
    if (outside.some((glob) => globMatches(glob, name))) break;
    if (!none.some(({ exact }) => exact.has(name))) return { kind: 'some', name };
  }
  // A single pattern is inside a union only when it is inside one of its members, and then so is this name.
  if (needed.length === 1) return nothing;
  const exact = none.flatMap((set) => [...set.exact]).filter((name) => needed.every((glob) => globMatches(glob, name)));
  const names = [...namesOf(exact).exact].map((name): Glob => ({ pattern: name, pieces: [name] }));
  return searchName(needed, [...outside, ...names], fresh);
}
