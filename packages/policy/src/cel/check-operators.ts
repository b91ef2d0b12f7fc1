import type { CelBinary, CelBinaryOperator } from './ast.ts';
import { CelFault } from './cel-fault.ts';
import { CelRefusal } from './cel-issue.ts';
import { areComparable, BOOL, type CelType, DURATION, isNumeric, joinTypes, TIMESTAMP, typeName } from './cel-type.ts';
import type { Run, Typed } from './environment.ts';
import { durationOr, timestampOr } from './time-values.ts';
import { areEqual, compareStrings, entryOf, intOr } from './values.ts';

type Arithmetic = (a: number, b: number) => number | CelFault;
const orderings: ReadonlySet<CelBinaryOperator> = new Set(['<', '<=', '>', '>=']);
const zero = new CelFault('Division by zero');

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  'int + int': (a, b) => intOr(a + b),
  'int - int': (a, b) => intOr(a - b),
  'int * int': (a, b) => intOr(a * b),
  'int / int': (a, b) => (b === 0 ? zero : intOr(Math.trunc(a / b))),
  'int % int': (a, b) => (b === 0 ? zero : intOr(a % b)),
  'double + double': (a, b) => a + b,
  'double - double': (a, b) => a - b,
  'double * double': (a, b) => a * b,
  'double / double': (a, b) => a / b,
  'timestamp + duration': (a, b) => timestampOr(a + b),
  'duration + timestamp': (a, b) => timestampOr(a + b),
  'timestamp - duration': (a, b) => timestampOr(a - b),
  'timestamp - timestamp': (a, b) => durationOr(a - b),
  'duration + duration': (a, b) => durationOr(a + b),
  'duration - duration': (a, b) => durationOr(a - b),
};

/** Types and compiles every binary operator except `&&` and `||`. */
export function checkBinary<C>(expr: CelBinary, left: Typed<C>, right: Typed<C>): Typed<C> {
  const { operator, offset } = expr;
  const cost = left.cost + right.cost + 1;
  const isConstant = left.isConstant && right.isConstant;
  const noOverload = (): never => {
    const detail = `There is no operator ${typeName(left.type)} ${operator} ${typeName(right.type)}`;
    throw new CelRefusal('type', detail, offset);
  };
  if (left.type.kind === 'never' || (right.type.kind === 'never' && operator !== 'in')) {
    return { ...onNothing(operator, left, right), cost, isConstant };
  }
  if (operator === '==' || operator === '!=') {
    if (!areComparable(left.type, right.type)) noOverload();
    return { type: BOOL, run: equality(left.run, right.run, operator === '=='), cost: cost + 64, isConstant };
  }
  if (operator === 'in') return { type: BOOL, run: membership(left, right, noOverload), cost: cost + 256, isConstant };
  if (orderings.has(operator)) {
    return { type: BOOL, run: ordering(operator, left, right, noOverload), cost: cost + 64, isConstant };
  }
  const concatenation = concatenate(operator, left, right);
  if (concatenation !== null) return { ...concatenation, cost: cost + 256, isConstant };
  const apply = arithmetic[`${left.type.kind} ${operator} ${right.type.kind}`] ?? noOverload();
  const l = left.run;
  const r = right.run;
  const run: Run<C> = (context, frame) => {
    const a = l(context, frame);
    if (typeof a !== 'number') return a;
    const b = r(context, frame);
    return typeof b === 'number' ? apply(a, b) : b;
  };
  return { type: resultOf(operator, left.type, right.type), run, cost, isConstant };
}

/** An operand of type never is an element of an empty literal: checked like any type, reached by no evaluation. */
function onNothing<C>(operator: CelBinaryOperator, left: Typed<C>, right: Typed<C>): Pick<Typed<C>, 'type' | 'run'> {
  const isTest = operator === '==' || operator === '!=' || operator === 'in' || orderings.has(operator);
  const none = new CelFault('There is no such element');
  const run: Run<C> = (context, frame) => {
    const value = left.run(context, frame);
    return value instanceof CelFault ? value : none;
  };
  return { type: isTest ? BOOL : left.type.kind === 'never' ? right.type : left.type, run };
}

function resultOf(operator: CelBinaryOperator, left: CelType, right: CelType): CelType {
  if (left.kind === 'timestamp' && right.kind === 'timestamp') return DURATION;
  if (operator === '+' && right.kind === 'timestamp') return TIMESTAMP;
  return left;
}

function equality<C>(left: Run<C>, right: Run<C>, isEqual: boolean): Run<C> {
  return (context, frame) => {
    const a = left(context, frame);
    if (a instanceof CelFault) return a;
    const b = right(context, frame);
    if (b instanceof CelFault) return b;
    return (a === b || areEqual(a, b)) === isEqual;
  };
}

function ordering<C>(operator: CelBinaryOperator, left: Typed<C>, right: Typed<C>, noOverload: () => never): Run<C> {
  const l = left.run;
  const r = right.run;
  if (left.type.kind === 'string' && right.type.kind === 'string') {
    const holds = holdsFor(operator);
    return (context, frame) => {
      const a = l(context, frame);
      if (typeof a !== 'string') return a;
      const b = r(context, frame);
      return typeof b === 'string' ? holds(compareStrings(a, b), 0) : b;
    };
  }
  const areNumbers = isNumeric(left.type) && isNumeric(right.type);
  const isOrdered = ['bool', 'timestamp', 'duration'].includes(left.type.kind) && left.type.kind === right.type.kind;
  if (!areNumbers && !isOrdered) noOverload();
  const holds = holdsFor(operator);
  return (context, frame) => {
    const a = l(context, frame);
    if (a instanceof CelFault) return a;
    const b = r(context, frame);
    return b instanceof CelFault ? b : holds(Number(a), Number(b));
  };
}

function holdsFor(operator: CelBinaryOperator): (a: number, b: number) => boolean {
  if (operator === '<') return (a, b) => a < b;
  if (operator === '<=') return (a, b) => a <= b;
  if (operator === '>') return (a, b) => a > b;
  return (a, b) => a >= b;
}

function membership<C>(left: Typed<C>, right: Typed<C>, noOverload: () => never): Run<C> {
  const l = left.run;
  const r = right.run;
  if (right.type.kind === 'list') {
    if (right.type.element.kind !== 'never' && !areComparable(left.type, right.type.element)) noOverload();
  } else if (
    right.type.kind !== 'map' ||
    !(right.type.key.kind === 'never' || areComparable(left.type, right.type.key))
  ) {
    noOverload();
  }
  return (context, frame) => {
    const value = l(context, frame);
    if (value instanceof CelFault) return value;
    const container = r(context, frame);
    if (container instanceof CelFault) return container;
    if (!Array.isArray(container)) return entryOf(container, value) !== undefined;
    for (const item of container) if (item === value || areEqual(item, value)) return true;
    return false;
  };
}

function concatenate<C>(
  operator: CelBinaryOperator,
  left: Typed<C>,
  right: Typed<C>,
): Pick<Typed<C>, 'type' | 'run'> | null {
  if (operator !== '+') return null;
  const l = left.run;
  const r = right.run;
  const type = joinTypes(left.type, right.type);
  if (type?.kind === 'string') {
    const run: Run<C> = (context, frame) => {
      const a = l(context, frame);
      if (typeof a !== 'string') return a;
      const b = r(context, frame);
      return typeof b === 'string' ? a + b : b;
    };
    return { type, run };
  }
  if (type?.kind !== 'list') return null;
  const run: Run<C> = (context, frame) => {
    const a = l(context, frame);
    if (!Array.isArray(a)) return a;
    const b = r(context, frame);
    return Array.isArray(b) ? [...a, ...b] : b;
  };
  return { type, run };
}
