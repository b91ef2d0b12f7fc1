import type { CelSelect } from './ast.ts';
import { CelFault } from './cel-fault.ts';
import { CelRefusal } from './cel-issue.ts';
import { BOOL, type CelType, typeName } from './cel-type.ts';
import type { Run, Scope, Typed } from './environment.ts';
import { entryOf, hasType, isRecord } from './values.ts';

/** Standard identifiers that name types or libraries. */
const outside = new Set(
  'bool int uint double string bytes list map null_type type dyn google optional optional_type cel'.split(' '),
);

export function checkIdent<C>(name: string, offset: number, scope: Scope<C>): Typed<C> {
  const local = scope.locals.get(name);
  if (local !== undefined) {
    const { slot } = local;
    return { type: local.type, run: (_context, frame) => frame[slot], cost: 1, isConstant: false };
  }
  const variable = scope.environment.variables.get(name);
  if (variable === undefined && outside.has(name)) {
    throw new CelRefusal('outside-profile', `Types are no values in the profile: ${name}`, offset);
  }
  if (variable === undefined) {
    const known = [...scope.environment.variables.keys()].join(', ');
    throw new CelRefusal('type', `There is no variable ${name}; declared are ${known}`, offset);
  }
  const { read, type } = variable;
  const missing = new CelFault(`${name} is not set`);
  const wrong = new CelFault(`${name} is not of type ${typeName(type)}`);
  const slow = (value: unknown): unknown => (value === undefined ? missing : hasType(value, type) ? value : wrong);
  const run: Run<C> =
    type.kind === 'string'
      ? (context) => {
          const value = read(context);
          return typeof value === 'string' ? value : slow(value);
        }
      : (context) => slow(read(context));
  return { type, run, cost: 1, isConstant: false };
}

export function checkSelect<C>(expr: CelSelect, operand: Typed<C>): Typed<C> {
  const { field, present, offset } = expr;
  const { run: inner, type } = operand;
  const cost = operand.cost + 1;
  if (type.kind === 'never') return { ...operand, cost };
  if (type.kind === 'map' && (type.key.kind === 'string' || type.key.kind === 'never')) {
    const missing = new CelFault(`There is no key ${JSON.stringify(field)}`);
    const run = entryRun(inner, () => field, type.value, missing);
    return {
      type: present ? BOOL : type.value,
      run: present ? presenceRun(run, missing) : run,
      cost,
      isConstant: false,
    };
  }
  if (type.kind === 'object') {
    const fieldType = Object.hasOwn(type.fields, field) ? type.fields[field] : undefined;
    if (fieldType === undefined) {
      const known = Object.keys(type.fields).join(', ');
      throw new CelRefusal('type', `${type.name} has no field ${field}; it has ${known}`, offset);
    }
    const missing = new CelFault(`${type.name}.${field} is not set`);
    const run = entryRun(inner, () => field, fieldType, missing);
    return {
      type: present ? BOOL : fieldType,
      run: present ? presenceRun(run, missing) : run,
      cost,
      isConstant: false,
    };
  }
  throw new CelRefusal('type', `${typeName(type)} has no fields`, offset);
}

/** Reads a key; a value of another type than declared counts as an error, never as a value. */
function entryRun<C>(inner: Run<C>, keyOf: Run<C>, type: CelType, missing: CelFault): Run<C> {
  const wrong = new CelFault(`The value is not of type ${typeName(type)}`);
  return (context, frame) => {
    const map = inner(context, frame);
    if (map instanceof CelFault) return map;
    const key = keyOf(context, frame);
    if (key instanceof CelFault) return key;
    if (type.kind === 'string' && typeof key === 'string' && isRecord(map)) {
      const text = map[key];
      if (typeof text === 'string') return text;
    }
    const value = entryOf(map, key);
    if (value === undefined) return missing;
    return hasType(value, type) ? value : wrong;
  };
}

function presenceRun<C>(read: Run<C>, missing: CelFault): Run<C> {
  return (context, frame) => {
    const value = read(context, frame);
    if (value === missing) return false;
    return value instanceof CelFault ? value : true;
  };
}

export function checkIndex<C>(operand: Typed<C>, index: Typed<C>, offset: number): Typed<C> {
  const { type, run: inner } = operand;
  const cost = operand.cost + index.cost + 1;
  if (type.kind === 'map' && (type.key.kind === 'never' || type.key.kind === index.type.kind)) {
    const run = entryRun(inner, index.run, type.value, new CelFault('The map has no such key'));
    return { type: type.value, run, cost, isConstant: operand.isConstant && index.isConstant };
  }
  if (type.kind === 'never') return { ...operand, cost };
  if (type.kind === 'list' && (index.type.kind === 'int' || index.type.kind === 'never')) {
    const outside = new CelFault('The index is outside the list');
    const run: Run<C> = (context, frame) => {
      const list = inner(context, frame);
      if (!Array.isArray(list)) return list;
      const at = index.run(context, frame);
      if (typeof at !== 'number') return at;
      return at >= 0 && at < list.length ? list[at] : outside;
    };
    return { type: type.element, run, cost, isConstant: operand.isConstant && index.isConstant };
  }
  throw new CelRefusal('type', `${typeName(type)} cannot be indexed by ${typeName(index.type)}`, offset);
}
