import type { CelExpr } from './ast.ts';
import { CelFault } from './cel-fault.ts';
import { CelRefusal } from './cel-issue.ts';
import { BOOL, DOUBLE, INT, joinTypes, NULL, STRING, typeName } from './cel-type.ts';
import { checkIdent, checkIndex, checkSelect } from './check-access.ts';
import { checkCall } from './check-calls.ts';
import { checkComprehension } from './check-comprehension.ts';
import { checkList, checkMap, folded } from './check-literals.ts';
import { checkBinary } from './check-operators.ts';
import type { Run, Scope, Typed } from './environment.ts';
import { intOr } from './values.ts';

const literalTypes = { bool: BOOL, int: INT, double: DOUBLE, string: STRING, null: NULL } as const;

/** Types an expression and compiles it to closures in one pass. Throws `CelRefusal`. */
export function checkExpr<C>(expr: CelExpr, scope: Scope<C>): Typed<C> {
  switch (expr.kind) {
    case 'literal': {
      const { value } = expr;
      return { type: literalTypes[expr.type], run: () => value, cost: 1, isConstant: true };
    }
    case 'ident':
      return checkIdent(expr.name, expr.offset, scope);
    case 'select':
      return checkSelect(expr, checkExpr(expr.operand, scope));
    case 'index':
      return checkIndex(checkExpr(expr.operand, scope), checkExpr(expr.index, scope), expr.offset);
    case 'unary':
      return checkUnary(expr.operator, checkExpr(expr.operand, scope), expr.offset);
    case 'binary': {
      const left = checkExpr(expr.left, scope);
      const right = checkExpr(expr.right, scope);
      const isLogic = expr.operator === '&&' || expr.operator === '||';
      return isLogic
        ? checkLogic(left, right, expr.operator === '||', expr.offset)
        : folded(checkBinary(expr, left, right), expr.offset);
    }
    case 'conditional':
      return checkConditional(
        checkExpr(expr.test, scope),
        checkExpr(expr.then, scope),
        checkExpr(expr.otherwise, scope),
        expr.offset,
      );
    case 'list':
      return checkList(
        expr.items.map((item) => checkExpr(item, scope)),
        expr.offset,
      );
    case 'map':
      return checkMap(
        expr.entries.map(({ key, value }) => [checkExpr(key, scope), checkExpr(value, scope)] as const),
        expr.offset,
      );
    case 'call': {
      const operands = expr.target === null ? expr.args : [expr.target, ...expr.args];
      return folded(
        checkCall(
          expr,
          operands.map((operand) => checkExpr(operand, scope)),
          scope,
        ),
        expr.offset,
      );
    }
    case 'comprehension':
      return checkComprehension(expr, scope, checkExpr);
  }
}

function checkUnary<C>(operator: '!' | '-', operand: Typed<C>, offset: number): Typed<C> {
  const { run: inner, type, isConstant } = operand;
  const cost = operand.cost + 1;
  if (type.kind === 'never') return { ...operand, cost };
  if (operator === '!' && type.kind === 'bool') {
    const run: Run<C> = (context, frame) => {
      const value = inner(context, frame);
      return typeof value === 'boolean' ? !value : value;
    };
    return { type, run, cost, isConstant };
  }
  if (operator === '-' && (type.kind === 'int' || type.kind === 'double')) {
    const negate = type.kind === 'int' ? (value: number) => intOr(0 - value) : (value: number) => -value;
    const run: Run<C> = (context, frame) => {
      const value = inner(context, frame);
      return typeof value === 'number' ? negate(value) : value;
    };
    return { type, run, cost, isConstant };
  }
  throw new CelRefusal('type', `There is no operator ${operator}${typeName(type)}`, offset);
}

/** `||` stops at true and `&&` at false; that side also absorbs an error of the other, in either order. */
function checkLogic<C>(left: Typed<C>, right: Typed<C>, decisive: boolean, offset: number): Typed<C> {
  for (const { type } of [left, right]) {
    if (type.kind !== 'bool' && type.kind !== 'never')
      throw new CelRefusal('type', `${decisive ? '||' : '&&'} joins bool, not ${typeName(type)}`, offset);
  }
  const l = left.run;
  const r = right.run;
  const run: Run<C> = (context, frame) => {
    const a = l(context, frame);
    if (a === decisive) return decisive;
    const b = r(context, frame);
    if (b === decisive) return decisive;
    return a instanceof CelFault ? a : b;
  };
  return { type: BOOL, run, cost: left.cost + right.cost + 1, isConstant: left.isConstant && right.isConstant };
}

function checkConditional<C>(test: Typed<C>, then: Typed<C>, otherwise: Typed<C>, offset: number): Typed<C> {
  if (test.type.kind !== 'bool')
    throw new CelRefusal('type', `The test of ?: is ${typeName(test.type)}, not bool`, offset);
  const type = joinTypes(then.type, otherwise.type);
  if (type === null) {
    const detail = `The branches of ?: are ${typeName(then.type)} and ${typeName(otherwise.type)}`;
    throw new CelRefusal('outside-profile', `${detail}; the profile has no dyn`, offset);
  }
  const run: Run<C> = (context, frame) => {
    const holds = test.run(context, frame);
    if (holds instanceof CelFault) return holds;
    return holds === true ? then.run(context, frame) : otherwise.run(context, frame);
  };
  const cost = test.cost + Math.max(then.cost, otherwise.cost) + 1;
  return { type, run, cost, isConstant: test.isConstant && then.isConstant && otherwise.isConstant };
}
