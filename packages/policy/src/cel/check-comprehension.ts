import type { CelComprehension } from './ast.ts';
import { CelFault } from './cel-fault.ts';
import { CelRefusal } from './cel-issue.ts';
import { BOOL, type CelType, listOf, typeName } from './cel-type.ts';
import type { Run, Scope, Typed } from './environment.ts';
import { keysOf } from './values.ts';

type Check<C> = (expr: CelComprehension['range'], scope: Scope<C>) => Typed<C>;

/** Types and compiles `all`, `exists`, `exists_one`, `filter` and `map`; the number of elements is bounded at run time. */
export function checkComprehension<C>(expr: CelComprehension, scope: Scope<C>, check: Check<C>): Typed<C> {
  const range = check(expr.range, scope);
  const element = elementOf(range.type, expr);
  const slot = scope.slots.count;
  scope.slots.count += 1;
  const locals = new Map(scope.locals).set(expr.variable, { slot, type: element });
  const inner: Scope<C> = { ...scope, locals };
  const predicate = expr.predicate && check(expr.predicate, inner);
  if (predicate !== null && predicate.type.kind !== 'bool' && predicate.type.kind !== 'never') {
    throw new CelRefusal(
      'type',
      `The condition of ${expr.macro}() is ${typeName(predicate.type)}, not bool`,
      expr.offset,
    );
  }
  const transform = expr.transform && check(expr.transform, inner);
  const { comprehensionItems } = scope.limits;
  const items = expr.range.kind === 'list' ? Math.max(1, expr.range.items.length) : comprehensionItems;
  const cost = range.cost + 1 + items * (1 + (predicate?.cost ?? 0) + (transform?.cost ?? 0));
  const isConstant = false;
  const loop = elementsRun(range.run, comprehensionItems);
  if (transform !== null) {
    return {
      type: listOf(transform.type),
      run: mapRun(loop, slot, predicate?.run ?? null, transform.run),
      cost,
      isConstant,
    };
  }
  const condition = predicate?.run ?? (() => true);
  if (expr.macro === 'filter') {
    return { type: listOf(element), run: filterRun(loop, slot, condition), cost, isConstant };
  }
  const run =
    expr.macro === 'exists_one'
      ? existsOneRun(loop, slot, condition)
      : quantifierRun(loop, slot, condition, expr.macro === 'exists');
  return { type: BOOL, run, cost, isConstant };
}

function elementOf(type: CelType, expr: CelComprehension): CelType {
  if (type.kind === 'list') return type.element;
  if (type.kind === 'map') return type.key;
  throw new CelRefusal('type', `${expr.macro}() runs over a list or a map, not ${typeName(type)}`, expr.offset);
}

type Elements<C> = (context: C, frame: unknown[]) => readonly unknown[] | CelFault;

function elementsRun<C>(range: Run<C>, limit: number): Elements<C> {
  const tooMany = new CelFault(`A comprehension visits at most ${String(limit)} elements`);
  return (context, frame) => {
    const value = range(context, frame);
    if (value instanceof CelFault) return value;
    const elements: readonly unknown[] = Array.isArray(value) ? value : keysOf(value);
    return elements.length > limit ? tooMany : elements;
  };
}

/** `exists` and `all` are chains of `||` and `&&`: a deciding element absorbs the errors of the others. */
function quantifierRun<C>(loop: Elements<C>, slot: number, condition: Run<C>, decisive: boolean): Run<C> {
  return (context, frame) => {
    const elements = loop(context, frame);
    if (elements instanceof CelFault) return elements;
    let fault: CelFault | null = null;
    for (const element of elements) {
      frame[slot] = element;
      const holds = condition(context, frame);
      if (holds === decisive) return decisive;
      if (holds instanceof CelFault) fault ??= holds;
    }
    return fault ?? !decisive;
  };
}

function existsOneRun<C>(loop: Elements<C>, slot: number, condition: Run<C>): Run<C> {
  return (context, frame) => {
    const elements = loop(context, frame);
    if (elements instanceof CelFault) return elements;
    let count = 0;
    for (const element of elements) {
      frame[slot] = element;
      const holds = condition(context, frame);
      if (holds instanceof CelFault) return holds;
      if (holds === true) count += 1;
    }
    return count === 1;
  };
}

function filterRun<C>(loop: Elements<C>, slot: number, condition: Run<C>): Run<C> {
  return (context, frame) => {
    const elements = loop(context, frame);
    if (elements instanceof CelFault) return elements;
    const kept: unknown[] = [];
    for (const element of elements) {
      frame[slot] = element;
      const holds = condition(context, frame);
      if (holds instanceof CelFault) return holds;
      if (holds === true) kept.push(element);
    }
    return kept;
  };
}

function mapRun<C>(loop: Elements<C>, slot: number, condition: Run<C> | null, transform: Run<C>): Run<C> {
  return (context, frame) => {
    const elements = loop(context, frame);
    if (elements instanceof CelFault) return elements;
    const results: unknown[] = [];
    for (const element of elements) {
      frame[slot] = element;
      const holds = condition === null ? true : condition(context, frame);
      if (holds instanceof CelFault) return holds;
      if (holds !== true) continue;
      const value = transform(context, frame);
      if (value instanceof CelFault) return value;
      results.push(value);
    }
    return results;
  };
}
