import { defaultLimits, type PolicyLimits } from '../limits.ts';
import type { CelExpr } from './ast.ts';
import type { CelFault } from './cel-fault.ts';
import { type CelIssue, CelRefusal, issueFrom } from './cel-issue.ts';
import { type CelType, typeName } from './cel-type.ts';
import { checkExpr } from './check-expr.ts';
import type { CelEnvironment } from './environment.ts';
import { parseCel } from './parser.ts';

/** A checked expression: its AST for analysis beside the closure that evaluates it. */
export interface CelProgram<C> {
  readonly source: string;
  readonly ast: CelExpr;
  readonly type: CelType;
  /** Static worst-case cost in steps; one step is about a comparison of two numbers. */
  readonly cost: number;
  /** The value, or a `CelFault`. Never throws. */
  readonly evaluate: (context: C) => unknown | CelFault;
}

export type CelResult<C> =
  | { readonly ok: true; readonly program: CelProgram<C> }
  | { readonly ok: false; readonly issue: CelIssue };

export interface CelOptions {
  /** Refuse any other result type. */
  readonly expected?: CelType;
  readonly limits?: PolicyLimits;
}

const noFrame: unknown[] = [];

/** Parses, checks and compiles an expression of the CEL profile. Never throws. */
export function compileCel<C>(source: string, environment: CelEnvironment<C>, options: CelOptions = {}): CelResult<C> {
  const limits = options.limits ?? defaultLimits;
  try {
    const ast = parseCel(source, limits);
    const slots = { count: 0 };
    const { type, run, cost } = checkExpr(ast, { environment, limits, locals: new Map(), slots });
    if (options.expected !== undefined && type.kind !== options.expected.kind) {
      const detail = `The expression is ${typeName(type)}, not ${typeName(options.expected)}`;
      throw new CelRefusal('type', detail, 0);
    }
    if (cost > limits.expressionCost) {
      throw new CelRefusal('limit', `The worst case takes ${cost.toExponential(1)} steps, too many`, 0);
    }
    const evaluate =
      slots.count === 0 ? (context: C) => run(context, noFrame) : (context: C) => run(context, new Array(slots.count));
    return { ok: true, program: { source, ast, type, cost: Math.ceil(cost), evaluate } };
  } catch (error) {
    if (error instanceof CelRefusal) return { ok: false, issue: issueFrom(error, source) };
    throw error;
  }
}
