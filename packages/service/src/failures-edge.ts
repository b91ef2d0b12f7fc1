import type { Socket } from 'node:net';
import { CharterError, failures } from '@charter/shared/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { failureFrom, problemFrom } from './problem.ts';
import { traceIdOf } from './trace.ts';

const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? request.url;

/** Sends any thrown value as problem+json; what is our fault is logged once, with its cause. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = failureFrom(error);
  const { status, retryable } = failures[failure.code];
  if (status >= 500) {
    const cause = failure.code === 'internal' ? failure.cause : failure;
    const line = { err: cause, code: failure.code, traceId: traceIdOf(request), method: request.method };
    if (retryable) request.server.log.warn(line, 'request failed');
    else request.server.log.error(line, 'request failed');
  }
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (retryable && !reply.hasHeader('retry-after')) reply.header('retry-after', '1');
  const problem = problemFrom(failure, { instance: pathOf(request), traceId: traceIdOf(request) });
  return reply.code(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Answers bytes that are no HTTP request, on a socket that has no request yet. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const failure =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new CharterError('request-timeout', 'The request did not arrive in time')
      : new CharterError('request-invalid', 'This is no HTTP request that can be read');
  const body = JSON.stringify(problemFrom(failure, { instance: '', traceId: '' }));
  socket.end(
    `HTTP/1.1 ${String(failure.status)} ${failures[failure.code].title}\r\nconnection: close\r\n` +
      `content-type: application/problem+json\r\ncontent-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  );
}

/** The edge where failures become answers. */
export function answerFailures(app: FastifyInstance): void {
  app.setErrorHandler(sendProblem);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(new CharterError('route-not-found', `No route ${request.method} ${pathOf(request)}`), request, reply),
  );
}
