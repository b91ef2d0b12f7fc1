import { randomBytes } from 'node:crypto';
import type { FastifyRequest } from 'fastify';

const traceparentPattern = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})/;

/** A W3C `traceparent` of a new, sampled trace. */
export function newTraceparent(): string {
  const random = randomBytes(24).toString('hex');
  return `00-${random.slice(0, 32)}-${random.slice(32)}-01`;
}

/** A `traceparent` with a new span in the trace of the one given, or of a new trace where there is none. */
export function childTraceparent(parent: string | undefined): string {
  const [, traceId, flags] = (parent === undefined ? null : traceparentPattern.exec(parent)) ?? [];
  if (traceId === undefined || flags === undefined) return newTraceparent();
  return `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;
}

/** The request's span, to put on messages and calls that it causes. */
export const traceparentOf = (request: FastifyRequest): string => request.id;

/** The 32 hex digits that name the request's trace; empty on routes that keep callers anonymous. */
export function traceIdOf(request: FastifyRequest): string {
  return request.routeOptions.config.anonymous ? '' : request.id.slice(3, 35);
}
