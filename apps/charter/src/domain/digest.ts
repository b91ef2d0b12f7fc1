import { hash } from 'node:crypto';
import { canonicalJson } from '@charter/shared/contracts';

/** SHA-256 (hex) of content, whatever the order of its keys. */
export const digestOf = (content: unknown): string => hash('sha256', canonicalJson(content), 'hex');
