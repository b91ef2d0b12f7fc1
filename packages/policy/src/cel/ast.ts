export type CelBinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '&&'
  | '||'
  | 'in';
export type CelMacro = 'all' | 'exists' | 'exists_one' | 'filter' | 'map';

/** Abstract syntax of the profile, kept beside the compiled closure so that analysis can read conditions. */
export type CelExpr =
  | { readonly kind: 'literal'; readonly type: 'bool'; readonly value: boolean; readonly offset: number }
  | { readonly kind: 'literal'; readonly type: 'int' | 'double'; readonly value: number; readonly offset: number }
  | { readonly kind: 'literal'; readonly type: 'string'; readonly value: string; readonly offset: number }
  | { readonly kind: 'literal'; readonly type: 'null'; readonly value: null; readonly offset: number }
  | { readonly kind: 'ident'; readonly name: string; readonly offset: number }
  | CelSelect
  | { readonly kind: 'index'; readonly operand: CelExpr; readonly index: CelExpr; readonly offset: number }
  | CelCall
  | { readonly kind: 'unary'; readonly operator: '!' | '-'; readonly operand: CelExpr; readonly offset: number }
  | CelBinary
  | {
      readonly kind: 'conditional';
      readonly test: CelExpr;
      readonly then: CelExpr;
      readonly otherwise: CelExpr;
      readonly offset: number;
    }
  | { readonly kind: 'list'; readonly items: readonly CelExpr[]; readonly offset: number }
  | { readonly kind: 'map'; readonly entries: readonly CelMapEntry[]; readonly offset: number }
  | CelComprehension;

/** `operand.field`; with `present` it is `has(operand.field)`. */
export interface CelSelect {
  readonly kind: 'select';
  readonly operand: CelExpr;
  readonly field: string;
  readonly present: boolean;
  readonly offset: number;
}

export interface CelCall {
  readonly kind: 'call';
  readonly name: string;
  /** The receiver of a method-style call, or null. */
  readonly target: CelExpr | null;
  readonly args: readonly CelExpr[];
  readonly offset: number;
}

export interface CelBinary {
  readonly kind: 'binary';
  readonly operator: CelBinaryOperator;
  readonly left: CelExpr;
  readonly right: CelExpr;
  readonly offset: number;
}

export interface CelMapEntry {
  readonly key: CelExpr;
  readonly value: CelExpr;
}

export interface CelComprehension {
  readonly kind: 'comprehension';
  readonly macro: CelMacro;
  readonly range: CelExpr;
  readonly variable: string;
  /** The condition; absent only for the two-argument `map`. */
  readonly predicate: CelExpr | null;
  /** The result of `map`. */
  readonly transform: CelExpr | null;
  readonly offset: number;
}
