import { hash } from 'node:crypto';
import { canonicalJson } from '@charter/shared/contracts';

/** SHA-256 (hex) of content, whatever the order of its keys; quickest where they are in order as they are. */
export const digestOf = (content: unknown): string =>
  hash('sha256', (isInOrder(content) ? JSON.stringify(content) : undefined) ?? canonicalJson(content), 'hex');

/** Whether the JSON text of it is canonical already, as far as it has one. */
function isInOrder(value: unknown): boolean {
  if (!isObject(value)) return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  if (value.toJSON !== undefined) return false;
  let before = '';
  for (const key in value) {
    if (key < before) return false;
    before = key;
    const member = value[key];
    if (isObject(member) && !isInOrder(member)) return false;
  }
  return true;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
