import { type Policy, policyFrom, readDocuments, type SourceDocument } from '@charter/policy';
import { CharterError, type FailurePointer } from '@charter/shared/contracts';
import { digestOf } from './digest.ts';
import { policyErrors } from './policy-errors.ts';

/** Stands for all environments where a policy names none. */
export const anyEnvironment = '*';

/** A policy document that may be used, with what identifies its content. */
export interface CheckedPolicy {
  readonly policy: Policy;
  /** The text it was read from. */
  readonly source: string;
  readonly environment: string;
  readonly digest: string;
}

const invalid = (errors: readonly FailurePointer[]): CharterError => {
  const [first] = errors;
  const where = first?.line === undefined ? (first?.pointer ?? '') : `line ${String(first.line)}`;
  return new CharterError('document-invalid', `${where} ${first?.detail ?? 'The document is not valid'}`.trim(), {
    errors,
  });
};

/** Reads a policy given as text or as plain data. Throws `document-invalid` with every error, its pointer and line. */
export function readPolicy(document: unknown): CheckedPolicy {
  const source = typeof document === 'string' ? document : JSON.stringify(document, null, 2);
  const read = readDocuments(source);
  if (!read.ok) throw invalid(read.errors);
  const [first, second] = read.documents;
  if (first === undefined) throw invalid([{ pointer: '', detail: 'The document is empty' }]);
  if (second !== undefined) throw invalid([{ pointer: '', detail: 'Expected one document, not a stream of several' }]);
  return { ...checkPolicy(first), source };
}

/** One document, parsed and checked. Throws `document-invalid`. */
export function checkPolicy(document: SourceDocument): Omit<CheckedPolicy, 'source'> {
  const parsed = policyFrom(document);
  if (!parsed.ok) throw invalid(parsed.errors);
  const errors = policyErrors(parsed.policy, document);
  if (errors.length > 0) throw invalid(errors);
  return identified(parsed.policy);
}

export const identified = (policy: Policy): Omit<CheckedPolicy, 'source'> => ({
  policy,
  environment: policy.environment ?? anyEnvironment,
  digest: digestOf(policy.document),
});

/** The document in a body: the body itself, or what it holds under `policy`. */
export function documentOf(body: unknown): unknown {
  const isWrapped =
    typeof body === 'object' && body !== null && 'policy' in body && !('kind' in body) && !('charter' in body);
  return isWrapped ? body.policy : body;
}
