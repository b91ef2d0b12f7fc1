import { RE2JS } from 're2js';
import type { CelCall } from './ast.ts';
import { CelFault } from './cel-fault.ts';
import { CelRefusal } from './cel-issue.ts';
import { BOOL, INT, STRING, typeName } from './cel-type.ts';
import { conversions } from './conversions.ts';
import type { Run, Scope, Typed } from './environment.ts';
import { durationFields, timestampField, timestampFieldNames } from './time-fields.ts';
import { codePoints, hasType, sizeOfMap } from './values.ts';

const textTests: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  contains: (text, part) => text.includes(part),
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
};
const outside = new Set(['dyn', 'type', 'uint', 'bytes', 'getField', 'optional', 'none', 'of', 'ofNonZeroValue']);

/** Types and compiles a function or method call; `args` starts with the receiver of a method call. */
export function checkCall<C>(expr: CelCall, args: readonly Typed<C>[], scope: Scope<C>): Typed<C> {
  const [first, second] = args;
  const cost = args.reduce((sum, arg) => sum + arg.cost, 1);
  const isConstant = args.every((arg) => arg.isConstant);
  const { name } = expr;
  const host = scope.environment.functions.get(name);
  if (host !== undefined && expr.target === null) return checkHostCall(expr, args, scope);
  if (name === 'size' && args.length === 1 && first !== undefined) {
    const run = sizeRun(first);
    if (run !== null) return { type: INT, run, cost: cost + 64, isConstant };
  }
  if (name === 'matches' && args.length === 2 && first?.type.kind === 'string' && second?.type.kind === 'string') {
    return checkMatches(expr, first, second, scope);
  }
  const textTest = textTests[name];
  if (
    textTest !== undefined &&
    expr.target !== null &&
    args.length === 2 &&
    first?.type.kind === 'string' &&
    second?.type.kind === 'string'
  ) {
    return { type: BOOL, run: textRun(first.run, second.run, textTest), cost: cost + 64, isConstant };
  }
  if (expr.target !== null && first !== undefined) {
    const timed = checkTimeCall(expr, first, args.length === 2 ? second : undefined, args.length);
    if (timed !== null) return { ...timed, cost: cost + 16, isConstant };
  }
  const conversion = first && conversions.get(`${name}(${first.type.kind})`);
  if (conversion !== undefined && expr.target === null && args.length === 1 && first !== undefined) {
    const { run: operand } = first;
    const run: Run<C> = (context, frame) => {
      const value = operand(context, frame);
      return value instanceof CelFault ? value : conversion.convert(value);
    };
    return { type: conversion.type, run, cost: cost + 16, isConstant };
  }
  const shown = `${expr.target === null ? '' : 'method '}${name}(${args.map((arg) => typeName(arg.type)).join(', ')})`;
  throw new CelRefusal(outside.has(name) ? 'outside-profile' : 'type', `There is no function ${shown}`, expr.offset);
}

function checkHostCall<C>(expr: CelCall, args: readonly Typed<C>[], scope: Scope<C>): Typed<C> {
  const host = scope.environment.functions.get(expr.name);
  const fits = host?.args.length === args.length && host.args.every((type, at) => args[at]?.type.kind === type.kind);
  if (host === undefined || !fits) {
    const wanted = host?.args.map(typeName).join(', ') ?? '';
    throw new CelRefusal('type', `${expr.name} takes (${wanted})`, expr.offset);
  }
  const { call, result } = host;
  const runs = args.map((arg) => arg.run);
  const unknown = new CelFault(`${expr.name}() has no answer here`);
  const run: Run<C> = (context, frame) => {
    const values: unknown[] = [];
    for (const arg of runs) {
      const value = arg(context, frame);
      if (value instanceof CelFault) return value;
      values.push(value);
    }
    const answer = call(context, values);
    return hasType(answer, result) ? answer : unknown;
  };
  return { type: result, run, cost: args.reduce((sum, arg) => sum + arg.cost, 16), isConstant: false };
}

function sizeRun<C>(operand: Typed<C>): Run<C> | null {
  const { run, type } = operand;
  const measure =
    (count: (value: unknown) => number): Run<C> =>
    (context, frame) => {
      const value = run(context, frame);
      return value instanceof CelFault ? value : count(value);
    };
  if (type.kind === 'string') return measure((value) => codePoints(String(value)));
  if (type.kind === 'list') return measure((value) => (Array.isArray(value) ? value.length : 0));
  return type.kind === 'map' ? measure(sizeOfMap) : null;
}

function textRun<C>(left: Run<C>, right: Run<C>, holds: (text: string, part: string) => boolean): Run<C> {
  return (context, frame) => {
    const text = left(context, frame);
    if (typeof text !== 'string') return text;
    const part = right(context, frame);
    return typeof part === 'string' ? holds(text, part) : part;
  };
}

/** RE2 semantics, linear time; the pattern is a constant so that it is compiled and bounded at load. */
function checkMatches<C>(expr: CelCall, text: Typed<C>, pattern: Typed<C>, scope: Scope<C>): Typed<C> {
  const source = pattern.isConstant ? pattern.run(undefined as C, []) : undefined;
  if (typeof source !== 'string') {
    throw new CelRefusal('outside-profile', 'The pattern of matches() is a constant in the profile', expr.offset);
  }
  const { limits } = scope;
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(source);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it does not parse';
    throw new CelRefusal('syntax', `The pattern is no RE2 expression: ${why}`, expr.offset);
  }
  const size = compiled.programSize();
  if (size > limits.patternProgram) {
    throw new CelRefusal('limit', `The pattern compiles to ${String(size)} instructions, too many`, expr.offset);
  }
  const tooLong = new CelFault(`matches() reads at most ${String(limits.matchedLength)} characters`);
  const { run: operand } = text;
  const run: Run<C> = (context, frame) => {
    const value = operand(context, frame);
    if (typeof value !== 'string') return value;
    return value.length > limits.matchedLength ? tooLong : compiled.test(value);
  };
  return { type: BOOL, run, cost: text.cost + 1 + size * limits.matchedLength * 0.05, isConstant: text.isConstant };
}

function checkTimeCall<C>(
  expr: CelCall,
  receiver: Typed<C>,
  zone: Typed<C> | undefined,
  arity: number,
): Pick<Typed<C>, 'type' | 'run'> | null {
  const { run: operand, type } = receiver;
  const compute =
    (field: (ms: number) => number): Run<C> =>
    (context, frame) => {
      const value = operand(context, frame);
      return typeof value === 'number' ? field(value) : value;
    };
  const durationField = durationFields[expr.name];
  if (type.kind === 'duration' && durationField !== undefined && arity === 1) {
    return { type: INT, run: compute(durationField) };
  }
  if (type.kind !== 'timestamp' || !timestampFieldNames.has(expr.name) || arity > 2) return null;
  if (zone !== undefined && zone.type.kind !== STRING.kind) return null;
  const zoneName = zone?.isConstant === true ? zone.run(undefined as C, []) : null;
  if (zone !== undefined && typeof zoneName !== 'string') {
    throw new CelRefusal('outside-profile', 'The time zone is a constant in the profile', expr.offset);
  }
  const field = timestampField(expr.name, typeof zoneName === 'string' ? zoneName : null);
  if (field instanceof CelFault) throw new CelRefusal('type', field.detail, expr.offset);
  return { type: INT, run: compute(field) };
}
