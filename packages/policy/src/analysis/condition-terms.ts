import type { CelExpr } from '../cel/ast.ts';
import { CelFault } from '../cel/cel-fault.ts';
import { timestampFrom } from '../cel/time-values.ts';
import { isTextVariable, numberDomains } from './request-variables.ts';

/** A variable of the request, or a constant. */
export type Term =
  | { readonly kind: 'text' | 'number'; readonly name: string }
  | { readonly kind: 'constant'; readonly value: string | number };

const timeParts: Readonly<Record<string, string>> = {
  getHours: 'hour',
  getMinutes: 'minute',
  getDayOfWeek: 'weekday',
};

/** What an operand stands for; null when it is anything more than a variable or a constant. */
export function termOf(expr: CelExpr): Term | null {
  switch (expr.kind) {
    case 'literal':
      return typeof expr.value === 'string' || typeof expr.value === 'number'
        ? { kind: 'constant', value: expr.value }
        : null;
    case 'ident':
      return variableOf(expr.name === 'time' ? 'now' : expr.name);
    case 'select':
      return expr.operand.kind === 'ident' && !expr.present ? variableOf(`${expr.operand.name}.${expr.field}`) : null;
    case 'index':
      return expr.operand.kind === 'ident' && expr.index.kind === 'literal' && typeof expr.index.value === 'string'
        ? variableOf(`${expr.operand.name}.${expr.index.value}`)
        : null;
    case 'call':
      return timeTerm(expr.name, expr.target, expr.args);
    default:
      return null;
  }
}

function variableOf(name: string): Term | null {
  if (numberDomains.has(name)) return { kind: 'number', name };
  return isTextVariable(name) ? { kind: 'text', name } : null;
}

function timeTerm(name: string, target: CelExpr | null, args: readonly CelExpr[]): Term | null {
  const [first] = args;
  if (target === null && name === 'timestamp' && first?.kind === 'literal' && typeof first.value === 'string') {
    const value = timestampFrom(first.value);
    return value instanceof CelFault ? null : { kind: 'constant', value };
  }
  const part = timeParts[name];
  if (part === undefined || target === null || first !== undefined) return null;
  const receiver = termOf(target);
  return receiver?.kind === 'number' && receiver.name === 'now' ? { kind: 'number', name: part } : null;
}
