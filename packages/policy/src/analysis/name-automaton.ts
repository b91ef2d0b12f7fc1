import type { Glob } from '../compile/glob.ts';

/** Stands for a star among character codes. */
const star = -1;
/** States visited before the search gives up. */
const mostStates = 4_000;

interface Automaton {
  readonly codes: readonly number[];
}
/** Positions an automaton may be at. Before the last star reached nothing matters: that star accepts whatever they would. */
type Positions = readonly number[];

const automatonFrom = ({ pieces }: Glob): Automaton => ({
  codes: pieces.flatMap((piece, at) => [
    ...(at === 0 ? [] : [star]),
    ...Array.from({ length: piece.length }, (_, index) => piece.charCodeAt(index)),
  ]),
});

function closed({ codes }: Automaton, positions: Iterable<number>): Positions {
  const reached = new Set<number>();
  let lastStar = -1;
  for (const position of positions) {
    reached.add(position);
    if (codes[position] !== star) continue;
    reached.add(position + 1);
    lastStar = Math.max(lastStar, position);
  }
  return [...reached].filter((position) => position >= lastStar).sort((a, b) => a - b);
}

function* moved({ codes }: Automaton, positions: Positions, code: number): Generator<number> {
  for (const position of positions) {
    if (codes[position] === star) yield position;
    else if (codes[position] === code) yield position + 1;
  }
}

export type NameSearch =
  | { readonly kind: 'some'; readonly name: string }
  | { readonly kind: 'none' }
  /** The search gave up within its bounds. */
  | { readonly kind: 'unsure' };

/**
 * The shortest name that all of `within` match and none of `outside`: breadth first through the product of their
 * automata, over the characters of their literals and one that stands for every other.
 */
export function searchName(within: readonly Glob[], outside: readonly Glob[], other: string): NameSearch {
  const automata = [...within, ...outside].map(automatonFrom);
  const letters = new Set([other.charCodeAt(0), ...automata.flatMap(({ codes }) => codes)]);
  letters.delete(star);
  const isAccepted = (states: readonly Positions[]): boolean =>
    states.every((positions, at) => positions.includes(automata[at]?.codes.length ?? -1) === at < within.length);
  const first = automata.map((automaton) => closed(automaton, [0]));
  const seen = new Set([first.join('|')]);
  const queue = [{ states: first, name: '' }];
  for (const { states, name } of queue) {
    if (isAccepted(states)) return { kind: 'some', name };
    for (const letter of letters) {
      const next = automata.map((automaton, at) => closed(automaton, moved(automaton, states[at] ?? [], letter)));
      if (next.slice(0, within.length).some((positions) => positions.length === 0)) continue;
      const key = next.join('|');
      if (seen.has(key)) continue;
      if (seen.size >= mostStates) return { kind: 'unsure' };
      seen.add(key);
      queue.push({ states: next, name: name + String.fromCharCode(letter) });
    }
  }
  return { kind: 'none' };
}
