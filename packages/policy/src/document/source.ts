import type { DocumentError } from './policy.ts';

export type Path = readonly (string | number)[];

/** A document as plain data, with a way back to the lines it was written on. */
export interface SourceDocument {
  readonly value: unknown;
  /** Line (from 1) of the value at a path, or of the closest value above it; null without text. */
  readonly lineOf: (path: Path) => number | null;
}

export type SourceResult =
  | { readonly ok: true; readonly documents: readonly SourceDocument[] }
  | { readonly ok: false; readonly errors: readonly DocumentError[] };

export type SourceFormat = 'yaml' | 'json';

export const pointerFrom = (path: Path): string =>
  path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

export function errorAt(path: Path, detail: string, lineOf: SourceDocument['lineOf']): DocumentError {
  const line = lineOf(path);
  return line === null ? { pointer: pointerFrom(path), detail } : { pointer: pointerFrom(path), detail, line };
}
