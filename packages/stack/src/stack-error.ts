/** A part of the stack cannot start, stop or be reached. The message is one plain line for people: what happened and what to do. */
export class StackError extends Error {
  override readonly name = 'StackError';
}

/** Takes one line of progress or trouble, without a line end. */
export type Report = (line: string) => void;

/** The `code` of a system error such as `ENOENT`, or an empty string. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
