import type { PolicyRequest } from '../decide/request.ts';
import { type Cube, cubeInBoth, cubesMeet, cubesOutside } from './cube.ts';
import type { Region } from './region.ts';

/** What a search for a request found: one that the evaluator confirmed, surely none, or no decision. */
export type Found<T = PolicyRequest> =
  | { readonly kind: 'some'; readonly request: T }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown' };

/** Steps that one analysis may take in all its searches; beyond, they answer `unknown`. */
export interface Budget {
  left: number;
}
export const createBudget = (): Budget => ({ left: 600_000 });

/** Cubes taken apart in one search, and remainders that are tried as witnesses before giving up. */
const mostSteps = 20_000;
const mostTries = 48;

/**
 * Looks for a request that is in one of the cubes and in none of the regions outside. Depth first, so that where there
 * is one it is found soon; only a proof that there is none visits everything.
 */
export function searchRequest<T = PolicyRequest>(
  cubes: readonly Cube[],
  outside: readonly Region[],
  confirm: (cube: Cube) => T | null,
  budget: Budget,
): Found<T> {
  const blockers = outside.flatMap((region) => region.cubes);
  const stack: { readonly left: Iterator<Cube>; readonly at: number }[] = [{ left: cubes[Symbol.iterator](), at: 0 }];
  let steps = 0;
  let tries = 0;
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const next = top.left.next();
    if (next.done === true) {
      stack.pop();
      continue;
    }
    const cube = next.value;
    let { at } = top;
    let blocker = blockers[at];
    while (blocker !== undefined && !cubesMeet(cube, blocker)) {
      at += 1;
      blocker = blockers[at];
    }
    steps += 1;
    budget.left -= 1;
    if (blocker === undefined) {
      const request = confirm(cube);
      if (request !== null) return { kind: 'some', request };
      tries += 1;
    } else stack.push({ left: cubesOutside(cube, blocker), at: at + 1 });
    if (steps > mostSteps || tries > mostTries || budget.left < 0) return { kind: 'unknown' };
  }
  return tries === 0 ? { kind: 'none' } : { kind: 'unknown' };
}

/** The requests in both regions. */
export const meetingOf = (a: readonly Cube[], b: readonly Cube[]): readonly Cube[] =>
  a.flatMap((one) => b.flatMap((other) => cubeInBoth(one, other) ?? []));
