import { type Policy, policyFrom, type SourceDocument } from '@charter/policy';
import { pointersFrom } from '@charter/service';
import { type PackParts, parsePackDocuments } from '@charter/shared/charter-client';
import { type FailurePointer, PackDocument } from '@charter/shared/contracts';
import { referenceErrors } from './pack-references.ts';
import { policyErrors } from './policy-errors.ts';

/** A policy and its place among the documents of its source. */
export interface PlacedPolicy {
  readonly index: number;
  readonly policy: Policy;
}

/** A pack that holds together: what services act on in its written form, and the policies. */
export interface PackDraft {
  readonly documents: readonly unknown[];
  readonly parts: PackParts;
  readonly policies: readonly PlacedPolicy[];
}

export type PackResult =
  | { readonly ok: true; readonly draft: PackDraft }
  | { readonly ok: false; readonly errors: readonly FailurePointer[] };

const mostErrors = 100;

const isPolicy = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (('kind' in value && value.kind === 'Policy') || 'charter' in value || 'whitelisted_metrics' in value);

/** Checks every document of a pack and what they say of each other. Pointers start with the document's number. */
export function packFrom(sources: readonly SourceDocument[]): PackResult {
  if (sources.length === 0) return { ok: false, errors: [{ pointer: '', detail: 'The pack holds no document' }] };
  const errors: FailurePointer[] = [];
  const policies: PlacedPolicy[] = [];
  const placed: Array<{ index: number; value: unknown }> = [];
  for (const [index, source] of sources.entries()) {
    if (isPolicy(source.value)) {
      const result = policyFrom(source);
      if (result.ok) policies.push({ index, policy: result.policy });
      errors.push(...placedErrors(index, result.ok ? policyErrors(result.policy, source) : result.errors));
    } else {
      const parsed = PackDocument.safeParse(source.value);
      if (parsed.success) placed.push({ index, value: source.value });
      else
        errors.push(
          ...placedErrors(
            index,
            pointersFrom(parsed.error).map((error) => withLine(error, source)),
          ),
        );
    }
  }
  if (errors.length > 0) return { ok: false, errors: errors.slice(0, mostErrors) };
  const documents = placed.map(({ value }) => value);
  const parts = parsePackDocuments(documents);
  const disagreements = referenceErrors(placed, policies).map(({ index, pointer, detail }) => {
    const source = sources[index];
    return placedErrors(index, [source ? withLine({ pointer, detail }, source) : { pointer, detail }]);
  });
  if (disagreements.length > 0) return { ok: false, errors: disagreements.flat().slice(0, mostErrors) };
  return { ok: true, draft: { documents, parts, policies } };
}

const placedErrors = (index: number, errors: readonly FailurePointer[]): FailurePointer[] =>
  errors.map((error) => ({ ...error, pointer: `/${String(index)}${error.pointer}` }));

/** The same error with the line that its pointer leads to. */
export function withLine(error: FailurePointer, { lineOf }: SourceDocument): FailurePointer {
  const path = error.pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const line = lineOf(path);
  return line === null ? error : { ...error, line };
}
