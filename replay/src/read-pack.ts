import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { compilePolicies, type Policy, type PolicySnapshot, policyFrom, readDocuments } from '@charter/policy';
import { type PackParts, parsePackDocuments } from '@charter/shared/charter-client';
import { CharterError } from '@charter/shared/contracts';

/** A pack as replay decides by it. */
export interface ReplayPack {
  readonly path: string;
  readonly parts: PackParts;
  readonly policies: readonly Policy[];
  readonly snapshot: PolicySnapshot;
}

const isDocument = (name: string): boolean => /\.(ya?ml|json)$/.test(name);

/** Reads a pack from a file or from every document file of a folder. Throws `document-invalid` with file and pointer. */
export async function readPack(path: string, environment?: string): Promise<ReplayPack> {
  const files = (await stat(path)).isDirectory()
    ? (await readdir(path))
        .filter(isDocument)
        .toSorted()
        .map((name) => join(path, name))
    : [path];
  const policies: Policy[] = [];
  const documents: unknown[] = [];
  for (const file of files) {
    const read = readDocuments(await readFile(file, 'utf8'));
    if (!read.ok) throw invalid(file, read.errors[0]);
    for (const source of read.documents) {
      if (!isPolicy(source.value)) {
        documents.push(source.value);
        continue;
      }
      const policy = policyFrom(source);
      if (!policy.ok) throw invalid(file, policy.errors[0]);
      policies.push(policy.policy);
    }
  }
  const compiled = compilePolicies(policies, environment === undefined ? {} : { environment });
  if (!compiled.ok) throw invalid(path, compiled.errors[0]);
  return { path, parts: parsePackDocuments(documents), policies, snapshot: compiled.snapshot };
}

const isPolicy = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (('kind' in value && value.kind === 'Policy') || 'charter' in value || 'whitelisted_metrics' in value);

const invalid = (
  file: string,
  error: { readonly pointer: string; readonly detail: string } | undefined,
): CharterError =>
  new CharterError('document-invalid', `${file} ${error?.pointer ?? ''} ${error?.detail ?? 'cannot be read'}`.trim());
