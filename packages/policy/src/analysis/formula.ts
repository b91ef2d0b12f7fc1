import { type Cube, cubeInBoth, everything } from './cube.ts';
import { type Values, valuesOutside } from './value-set.ts';

/** A condition over variables of a request, without negation: complements are pushed into the leaves. */
export type Formula =
  | { readonly kind: 'leaf'; readonly name: string; readonly values: Values }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Formula[] };

export const always: Formula = { kind: 'and', parts: [] };
export const never: Formula = { kind: 'or', parts: [] };
export const leaf = (name: string, values: Values): Formula => ({ kind: 'leaf', name, values });
export const both = (...parts: readonly Formula[]): Formula => ({ kind: 'and', parts });
export const either = (...parts: readonly Formula[]): Formula => ({ kind: 'or', parts });

export function negated(formula: Formula): Formula {
  if (formula.kind !== 'leaf') {
    return { kind: formula.kind === 'and' ? 'or' : 'and', parts: formula.parts.map(negated) };
  }
  return either(...valuesOutside(formula.name, formula.values).map((values) => leaf(formula.name, values)));
}

/** The requests that fulfil a formula as a union of cubes; null when it takes more than `most`. */
export function cubesFrom(formula: Formula, most: number): readonly Cube[] | null {
  if (formula.kind === 'leaf') return [new Map([[formula.name, formula.values]])];
  let found: readonly Cube[] = formula.kind === 'and' ? [everything] : [];
  for (const part of formula.parts) {
    const cubes = cubesFrom(part, most);
    if (cubes === null) return null;
    found =
      formula.kind === 'or'
        ? [...found, ...cubes]
        : found.flatMap((one) => cubes.flatMap((other) => cubeInBoth(one, other) ?? []));
    if (found.length > most) return null;
  }
  return found;
}
