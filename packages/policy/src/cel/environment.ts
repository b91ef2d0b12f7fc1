import type { PolicyLimits } from '../limits.ts';
import type { CelType } from './cel-type.ts';

/**
 * A variable that expressions may name. `read` answers undefined when the context has no value, which becomes an
 * evaluation error. Values: bool → boolean, int, double → number, string → string, timestamp → epoch milliseconds,
 * duration → milliseconds, list → array, map → Map or plain record, object → plain record.
 */
export interface CelVariable<C> {
  readonly type: CelType;
  readonly read: (context: C) => unknown;
}

/** A function of the host; undefined as an answer is an evaluation error. */
export interface CelFunction<C> {
  readonly args: readonly CelType[];
  readonly result: CelType;
  readonly call: (context: C, args: readonly unknown[]) => unknown;
}

export interface CelEnvironment<C> {
  readonly variables: ReadonlyMap<string, CelVariable<C>>;
  readonly functions: ReadonlyMap<string, CelFunction<C>>;
}

/** Evaluates one expression: a value or a `CelFault`. `frame` holds the variables of comprehensions. */
export type Run<C> = (context: C, frame: unknown[]) => unknown;

export interface Typed<C> {
  readonly type: CelType;
  readonly run: Run<C>;
  /** Worst-case steps. */
  readonly cost: number;
  /** Depends on nothing outside the expression. */
  readonly isConstant: boolean;
}

export interface Scope<C> {
  readonly environment: CelEnvironment<C>;
  readonly limits: PolicyLimits;
  readonly locals: ReadonlyMap<string, { readonly slot: number; readonly type: CelType }>;
  /** Slots handed out so far, shared by all scopes of one expression. */
  readonly slots: { count: number };
}
