import type { CelComprehension, CelExpr, CelMacro } from './ast.ts';
import { CelRefusal } from './cel-issue.ts';

const macros: ReadonlySet<string> = new Set<CelMacro>(['all', 'exists', 'exists_one', 'filter', 'map']);
const isMacro = (name: string): name is CelMacro => macros.has(name);

/** The standard macros of CEL; null when the call is an ordinary function. */
export function expandMacro(
  name: string,
  target: CelExpr | null,
  args: readonly CelExpr[],
  offset: number,
): CelExpr | null {
  if (target === null) return name === 'has' ? presence(args, offset) : null;
  if (name === 'existsOne') return expandMacro('exists_one', target, args, offset);
  if (!isMacro(name)) return null;
  if (name !== 'map' && args.length === 3) {
    throw new CelRefusal('outside-profile', 'Comprehensions over two variables are not part of the profile', offset);
  }
  return comprehension(name, target, args, offset);
}

function presence(args: readonly CelExpr[], offset: number): CelExpr {
  const [select] = args;
  if (args.length !== 1 || select?.kind !== 'select' || select.present) {
    throw new CelRefusal('syntax', 'has() takes one field selection, such as has(labels.env)', offset);
  }
  return { ...select, present: true };
}

function comprehension(macro: CelMacro, range: CelExpr, args: readonly CelExpr[], offset: number): CelComprehension {
  const [variable, second, third] = args;
  const isThreeArgumentMap = macro === 'map' && args.length === 3;
  if (args.length !== 2 && !isThreeArgumentMap) {
    throw new CelRefusal('syntax', `${macro}() takes a variable and an expression`, offset);
  }
  if (variable?.kind !== 'ident' || second === undefined) {
    throw new CelRefusal('syntax', `The first argument of ${macro}() is a variable name`, offset);
  }
  const shape = { kind: 'comprehension', macro, range, variable: variable.name, offset } as const;
  if (macro !== 'map') return { ...shape, predicate: second, transform: null };
  if (third === undefined) return { ...shape, predicate: null, transform: second };
  return { ...shape, predicate: second, transform: third };
}
