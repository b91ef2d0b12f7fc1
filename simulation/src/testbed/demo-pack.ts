import { readFileSync } from 'node:fs';
import { compilePolicies, policyFrom, readDocuments } from '@charter/policy';
import { parsePackDocuments } from '@charter/shared/charter-client';

const file = new URL('../../../deploy/packs/demo.yaml', import.meta.url);

const read = readDocuments(readFileSync(file, 'utf8'));
if (!read.ok) throw new Error(`The demo pack cannot be read: ${read.errors[0]?.detail ?? ''}`);

/** The demo pack as it is delivered. */
export const pack = parsePackDocuments(read.documents.map(({ value }) => value));

const compiled = compilePolicies(
  read.documents
    .filter(({ value }) => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Policy')
    .map((source) => {
      const parsed = policyFrom(source);
      if (!parsed.ok) throw new Error(`A policy of the demo pack is wrong: ${parsed.errors[0]?.detail ?? ''}`);
      return parsed.policy;
    }),
);
if (!compiled.ok) throw new Error(`The policies of the demo pack do not compile: ${compiled.errors[0]?.detail ?? ''}`);

/** Its policies, ready to decide. */
export const policies = compiled.snapshot;

/** The environment that the pack and its policies are for. */
export const environment = 'demo';
