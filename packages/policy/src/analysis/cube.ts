import { instantIn } from './instant.ts';
import { containers, presence } from './request-variables.ts';
import { hasValue, type Values, valuesInBoth, valuesMeet, valuesOutside } from './value-set.ts';

/** A set of requests: what each variable may be; a variable that is not named may be anything. */
export type Cube = ReadonlyMap<string, Values>;

export const everything: Cube = new Map();

/** Requests in both; null when there are surely none. */
export function cubeInBoth(a: Cube, b: Cube): Cube | null {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  const joined = new Map(large);
  for (const [name, values] of small) {
    const other = large.get(name);
    const both = other === undefined ? values : valuesInBoth(other, values);
    if (both === null) return null;
    joined.set(name, both);
  }
  return isConsistent(joined) ? joined : null;
}

/** Whether requests may be in both. */
export function cubesMeet(a: Cube, b: Cube): boolean {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  for (const [name, values] of small) {
    const other = large.get(name);
    if (other !== undefined && !valuesMeet(other, values)) return false;
  }
  return !(isLinked(a) || isLinked(b)) || cubeInBoth(a, b) !== null;
}

/** Names variables that say something about others. */
const isLinked = (cube: Cube): boolean => cube.has('now') || containers.some((name) => cube.has(name));

/** A container that is missing has no parts, and the parts of `now` belong to one instant. */
function isConsistent(cube: Cube): boolean {
  for (const container of containers) {
    const whole = cube.get(container);
    if (whole?.kind !== 'flag' || whole.mask !== presence.no) continue;
    for (const [name, values] of cube) {
      if (name.startsWith(`${container}.`) && !canMiss(values)) return false;
    }
  }
  return !cube.has('now') || instantIn(cube) !== null;
}

const canMiss = (values: Values): boolean =>
  values.kind === 'flag' ? (values.mask & presence.no) !== 0 : hasValue(values, undefined);

const narrowed = (cube: Cube, name: string, values: Values): Cube => new Map(cube).set(name, values);

/** The requests of the first that are not in the second, as disjoint cubes as far as variables tell them apart. */
export function* cubesOutside(cube: Cube, other: Cube): Generator<Cube> {
  let rest = cube;
  for (const [name, values] of other) {
    const own = rest.get(name);
    for (const outside of valuesOutside(name, values)) {
      const kept = own === undefined ? outside : valuesInBoth(own, outside);
      if (kept === null) continue;
      const piece = narrowed(rest, name, kept);
      if (isConsistent(piece)) yield piece;
    }
    if (own === values) continue;
    const both = own === undefined ? values : valuesInBoth(own, values);
    if (both === null) return;
    rest = narrowed(rest, name, both);
  }
}
