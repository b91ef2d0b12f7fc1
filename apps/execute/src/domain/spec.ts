import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { TargetState } from '@charter/shared/contracts';

/** The settings of a target as its effector reads them back. */
export type Spec = NonNullable<TargetState['spec']>;
export type Json = Spec[string];

/** SHA-256 of a target's settings, independent of key order. */
export const specHash = (spec: Spec): string => createHash('sha256').update(canonicalText(spec)).digest('hex');

/** JSON with sorted keys. */
function canonicalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalText(field)}`).join(',')}}`;
}

export const sameJson = (a: unknown, b: unknown): boolean => isDeepStrictEqual(a, b);
