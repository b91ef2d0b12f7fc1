import { CelFault } from './cel-fault.ts';
import { CelRefusal } from './cel-issue.ts';
import { type CelType, joinTypes, listOf, mapOf, NEVER, typeName } from './cel-type.ts';
import type { Run, Typed } from './environment.ts';
import { finer } from './time-values.ts';

/** Evaluates constants once; a constant that fails stays as it is and fails when it is reached. */
export function folded<C>(typed: Typed<C>, offset: number): Typed<C> {
  if (!typed.isConstant) return typed;
  const value = typed.run(undefined as C, []);
  if (value === finer) throw new CelRefusal('outside-profile', finer.detail, offset);
  return value instanceof CelFault ? typed : { ...typed, run: () => value, cost: 1 };
}

export function checkList<C>(items: readonly Typed<C>[], offset: number): Typed<C> {
  const element = joinAll(
    items.map((item) => item.type),
    offset,
  );
  const runs = items.map((item) => item.run);
  const run: Run<C> = (context, frame) => {
    const values: unknown[] = [];
    for (const item of runs) {
      const value = item(context, frame);
      if (value instanceof CelFault) return value;
      values.push(value);
    }
    return values;
  };
  const cost = items.reduce((sum, item) => sum + item.cost, 1);
  return folded({ type: listOf(element), run, cost, isConstant: items.every((item) => item.isConstant) }, offset);
}

export function checkMap<C>(entries: readonly (readonly [Typed<C>, Typed<C>])[], offset: number): Typed<C> {
  const key = joinAll(
    entries.map(([entry]) => entry.type),
    offset,
  );
  if (!['bool', 'int', 'string', 'never'].includes(key.kind)) {
    throw new CelRefusal('type', `${typeName(key)} cannot be the key of a map`, offset);
  }
  const value = joinAll(
    entries.map(([, entry]) => entry.type),
    offset,
  );
  const repeated = new CelFault('The map repeats a key');
  const run: Run<C> = (context, frame) => {
    const map = new Map<unknown, unknown>();
    for (const [keyExpr, valueExpr] of entries) {
      const k = keyExpr.run(context, frame);
      if (k instanceof CelFault) return k;
      const v = valueExpr.run(context, frame);
      if (v instanceof CelFault) return v;
      if (map.has(k)) return repeated;
      map.set(k, v);
    }
    return map;
  };
  const cost = entries.reduce((sum, [k, v]) => sum + k.cost + v.cost, 1);
  const isConstant = entries.every(([k, v]) => k.isConstant && v.isConstant);
  return folded({ type: mapOf(key, value), run, cost, isConstant }, offset);
}

function joinAll(types: readonly CelType[], offset: number): CelType {
  let joined: CelType = NEVER;
  for (const type of types) {
    const next = joinTypes(joined, type);
    if (next === null) {
      throw new CelRefusal(
        'outside-profile',
        `${typeName(joined)} and ${typeName(type)} cannot mix: the profile has no dyn`,
        offset,
      );
    }
    joined = next;
  }
  return joined;
}
