import {
  CharterError,
  type FailurePointer,
  PackDocument,
  type PackSignal,
  type Rule,
  type Strategy,
  type Target,
  type Window,
} from '../contracts/index.ts';

/** The parts of a pack that services act on, by kind. Durations are seconds. */
export interface PackParts {
  readonly rules: readonly Rule[];
  readonly signals: readonly PackSignal[];
  readonly targets: readonly Target[];
  readonly strategies: readonly Strategy[];
  readonly windows: readonly Window[];
}

/** A pack with its identity. */
export interface ParsedPack extends PackParts {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly environment: string;
}

const isPolicy = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'kind' in document && document.kind === 'Policy';

const escapeKey = (key: PropertyKey): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * Written documents, parsed and sorted by kind, in their order. Policies are left to the charter.
 * Throws `CharterError('document-invalid')` with a pointer (`/3/query`) for every error in every document.
 */
export function parsePackDocuments(documents: readonly unknown[]): PackParts {
  const parts = {
    rules: [] as Rule[],
    signals: [] as PackSignal[],
    targets: [] as Target[],
    strategies: [] as Strategy[],
    windows: [] as Window[],
  };
  const errors: FailurePointer[] = [];
  for (const [index, written] of documents.entries()) {
    if (isPolicy(written)) continue;
    const { success, data: document, error } = PackDocument.safeParse(written);
    if (!success) {
      for (const { path, message } of error.issues) {
        errors.push({ pointer: `/${[index, ...path].map(escapeKey).join('/')}`, detail: message });
      }
      continue;
    }
    switch (document.kind) {
      case 'Rule':
        parts.rules.push(document);
        break;
      case 'Signal':
        parts.signals.push(document);
        break;
      case 'Target':
        parts.targets.push(document);
        break;
      case 'Strategy':
        parts.strategies.push(document);
        break;
      case 'Window':
        parts.windows.push(document);
        break;
    }
  }
  if (errors.length > 0) {
    const [first] = errors;
    throw new CharterError('document-invalid', `${first?.pointer ?? ''} ${first?.detail ?? ''}`, { errors });
  }
  return parts;
}
