import { CharterError } from '@charter/shared/contracts';

/** SQLSTATE classes that pass by themselves: connection, resources, operator intervention, serialization. */
const passing = /^(08|53|57P|40001|40P01)/;
const network = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);

/** The same error, or `upstream-unavailable` when the database was out of reach and trying again can help. */
export function unavailableFrom(error: unknown): unknown {
  if (error instanceof CharterError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const outOfReach =
    network.has(code) ||
    passing.test(code) ||
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(
      error.message,
    );
  return outOfReach ? new CharterError('upstream-unavailable', 'Postgres did not answer', { cause: error }) : error;
}
