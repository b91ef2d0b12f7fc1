import { createHash } from 'node:crypto';

/** SHA-256 (hex) of an envelope as it travels: JSON text in key order, so it survives Redis and Postgres unchanged. */
export const digestOf = (envelope: unknown): string =>
  createHash('sha256').update(JSON.stringify(envelope)).digest('hex');
