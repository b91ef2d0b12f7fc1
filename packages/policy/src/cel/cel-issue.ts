/** Why an expression was refused at load. `outside-profile` is legal CEL that this profile leaves out. */
export type CelIssueCode = 'syntax' | 'type' | 'limit' | 'outside-profile';

export interface CelIssue {
  readonly code: CelIssueCode;
  readonly detail: string;
  /** Offset into the expression, from 0. */
  readonly offset: number;
  /** Line and column inside the expression, from 1. */
  readonly line: number;
  readonly column: number;
}

/** Thrown inside the compiler and turned into a `CelIssue` by `compileCel`, which never throws. */
export class CelRefusal extends Error {
  readonly code: CelIssueCode;
  readonly offset: number;
  constructor(code: CelIssueCode, detail: string, offset: number) {
    super(detail);
    this.code = code;
    this.offset = offset;
  }
}

export function issueFrom(refusal: CelRefusal, source: string): CelIssue {
  const before = source.slice(0, refusal.offset);
  const line = before.split('\n').length;
  const column = refusal.offset - before.lastIndexOf('\n');
  return { code: refusal.code, detail: refusal.message, offset: refusal.offset, line, column };
}
