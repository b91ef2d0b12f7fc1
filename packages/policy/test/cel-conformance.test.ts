import type { Decl, Type } from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import { Type_PrimitiveType, Type_WellKnownType } from '@bufbuild/cel-spec/cel/expr/checked_pb.js';
import type { ExprValue } from '@bufbuild/cel-spec/cel/expr/eval_pb.js';
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import {
  getConformanceSuite,
  type IncrementalTest,
  type IncrementalTestSuite,
} from '@bufbuild/cel-spec/testdata/tests.js';
import { describe, expect, test } from 'vitest';
import {
  BOOL,
  type CelType,
  DOUBLE,
  DURATION,
  INT,
  listOf,
  mapOf,
  NULL,
  STRING,
  TIMESTAMP,
} from '../src/cel/cel-type.ts';
import { CelFault, type CelVariable, compileCel } from '../src/index.ts';

/** Libraries beyond the standard one; the profile has none of them. */
const extensions = new Set([
  'bindings_ext',
  'block_ext',
  'encoders_ext',
  'macros2',
  'math_ext',
  'network_ext',
  'optionals',
  'proto2_ext',
  'string_ext',
]);

type Context = Readonly<Record<string, unknown>>;
type Outcome = { readonly kind: 'pass' } | { readonly kind: 'outside' | 'fail'; readonly why: string };

const primitives: Partial<Record<Type_PrimitiveType, CelType>> = {
  [Type_PrimitiveType.BOOL]: BOOL,
  [Type_PrimitiveType.INT64]: INT,
  [Type_PrimitiveType.DOUBLE]: DOUBLE,
  [Type_PrimitiveType.STRING]: STRING,
};
const wellKnown: Partial<Record<Type_WellKnownType, CelType>> = {
  [Type_WellKnownType.TIMESTAMP]: TIMESTAMP,
  [Type_WellKnownType.DURATION]: DURATION,
};

function typeFrom(type: Type | undefined): CelType | null {
  switch (type?.typeKind.case) {
    case 'primitive':
      return primitives[type.typeKind.value] ?? null;
    case 'wellKnown':
      return wellKnown[type.typeKind.value] ?? null;
    case 'null':
      return NULL;
    case 'listType': {
      const element = typeFrom(type.typeKind.value.elemType);
      return element && listOf(element);
    }
    case 'mapType': {
      const key = typeFrom(type.typeKind.value.keyType);
      const value = typeFrom(type.typeKind.value.valueType);
      return key && value && mapOf(key, value);
    }
    default:
      return null;
  }
}

/** A protobuf value in the representation of the engine; undefined when the profile has no such value. */
function plainFrom({ kind }: Value): unknown {
  switch (kind.case) {
    case 'boolValue':
    case 'stringValue':
    case 'doubleValue':
      return kind.value;
    case 'nullValue':
      return null;
    case 'int64Value':
      return Number.isSafeInteger(Number(kind.value)) ? Number(kind.value) : undefined;
    case 'listValue': {
      const items = kind.value.values.map(plainFrom);
      return items.includes(undefined) ? undefined : items;
    }
    case 'mapValue': {
      const entries = kind.value.entries.map(
        ({ key, value }) => [key && plainFrom(key), value && plainFrom(value)] as const,
      );
      return entries.some((entry) => entry.includes(undefined)) ? undefined : new Map(entries);
    }
    default:
      return undefined;
  }
}

function variablesFrom(declarations: readonly Decl[]): Map<string, CelVariable<Context>> | null {
  const variables = new Map<string, CelVariable<Context>>();
  for (const { name, declKind } of declarations) {
    const type = declKind.case === 'ident' ? typeFrom(declKind.value.type) : null;
    if (type === null) return null;
    variables.set(name, { type, read: (context) => context[name] });
  }
  return variables;
}

function contextFrom(bindings: Readonly<Record<string, ExprValue>>): Context | null {
  const context: Record<string, unknown> = {};
  for (const [name, { kind }] of Object.entries(bindings)) {
    const value = kind.case === 'value' ? plainFrom(kind.value) : undefined;
    if (value === undefined) return null;
    context[name] = value;
  }
  return context;
}

/** Runs one case. Only what the compiler itself refuses as outside the profile, or what the profile has no type for, is set aside. */
function outcomeOf({ original }: IncrementalTest): Outcome {
  const { bindings, container, disableCheck, disableMacros, expr, resultMatcher, typeEnv } = original;
  const outside = (why: string): Outcome => ({ kind: 'outside', why });
  if (disableMacros) return outside('macros switched off');
  if (container !== '') return outside('resolves names in a container');
  if (typeEnv.some(({ name }) => name.includes('.'))) return outside('declares a dotted name');
  const variables = variablesFrom(typeEnv);
  if (variables === null) return outside('declares a type the profile lacks');
  const context = contextFrom(bindings);
  if (context === null) return outside('binds a value the profile lacks');
  const expectsError = resultMatcher.case === 'evalError' || resultMatcher.case === 'anyEvalErrors';
  const compiled = compileCel<Context>(expr, { variables, functions: new Map() });
  if (!compiled.ok) {
    const { code, detail } = compiled.issue;
    if (code === 'outside-profile') return outside(detail);
    if (disableCheck && code === 'type') return outside('runs without type check');
    return expectsError ? { kind: 'pass' } : { kind: 'fail', why: `refused: ${code}: ${detail}` };
  }
  const actual = compiled.program.evaluate(context);
  if (expectsError) {
    return actual instanceof CelFault ? { kind: 'pass' } : { kind: 'fail', why: `no error but ${show(actual)}` };
  }
  if (resultMatcher.case === 'typedResult' && resultMatcher.value.result === undefined) return { kind: 'pass' };
  const value =
    resultMatcher.case === 'value'
      ? resultMatcher.value
      : resultMatcher.case === 'typedResult'
        ? resultMatcher.value.result
        : undefined;
  const expected = resultMatcher.case === undefined ? true : value && plainFrom(value);
  if (expected === undefined) return outside('expects a value the profile lacks');
  return sameValue(actual, expected)
    ? { kind: 'pass' }
    : { kind: 'fail', why: `${show(actual)} instead of ${show(expected)}` };
}

function sameValue(actual: unknown, expected: unknown): boolean {
  try {
    expect(actual).toEqual(expected);
    return true;
  } catch {
    return false;
  }
}

const show = (value: unknown): string =>
  value instanceof CelFault
    ? `error ${value.detail}`
    : value instanceof Map
      ? JSON.stringify([...value])
      : String(value);

function flatten(suite: IncrementalTestSuite): IncrementalTest[] {
  return [...suite.tests, ...suite.suites.flatMap(flatten)];
}

const standard = getConformanceSuite().suites.filter(({ name }) => !extensions.has(name));

describe('the official conformance suite', () => {
  test.each(standard.map((suite) => [suite.name, suite] as const))(
    'every case of %s inside the profile passes',
    (_name, suite) => {
      const failures = flatten(suite).flatMap((entry) => {
        const outcome = outcomeOf(entry);
        return outcome.kind === 'fail' ? [`${entry.name}: ${entry.original.expr} → ${outcome.why}`] : [];
      });
      expect(failures).toEqual([]);
    },
  );

  test('the profile holds at least 600 cases, and no case is lost', () => {
    const outcomes = standard.flatMap(flatten).map(outcomeOf);
    const count = (kind: Outcome['kind']): number => outcomes.filter((outcome) => outcome.kind === kind).length;
    expect(count('fail')).toBe(0);
    expect(count('pass') + count('outside')).toBe(outcomes.length);
    expect(count('pass')).toBeGreaterThanOrEqual(600);
  });
});
