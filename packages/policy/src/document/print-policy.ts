import { stringify } from 'yaml';
import type { Policy } from './policy.ts';
import type { SourceFormat } from './source.ts';

/** Writes a policy in the form it was written in; parsing the text gives the same document. */
export function printPolicy(policy: Policy, format: SourceFormat = 'yaml'): string {
  if (format === 'json') return `${JSON.stringify(policy.document, null, 2)}\n`;
  return stringify(policy.document, { aliasDuplicateObjects: false, lineWidth: 0 });
}
