import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RunningSpan, Tracing } from './tracing.ts';

/** A span for every request, known by the `traceparent` that its answer carries; none where callers stay anonymous, or for probes. */
export function spanRequests(app: FastifyInstance, tracing: Tracing): void {
  const spans = new WeakMap<FastifyRequest, RunningSpan>();
  app.addHook('onRequest', async (request) => {
    const { config, url = 'unmatched' } = request.routeOptions;
    if (config.anonymous || config.role === 'none') return;
    const { method, headers } = request;
    const span = tracing.start(`${method} ${url}`, {
      kind: 'server',
      parent: headers.traceparent?.toString() ?? null,
      self: request.id,
      attributes: { 'http.request.method': method, 'http.route': url },
    });
    spans.set(request, span);
  });
  // Not earlier: reading the body leaves the context of whoever began it.
  app.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request);
    if (span) span.run(done);
    else done();
  });
  app.addHook('onResponse', async (request, reply) => {
    const span = spans.get(request);
    span?.set({ 'http.response.status_code': reply.statusCode });
    span?.end(reply.statusCode >= 500 ? `answered ${String(reply.statusCode)}` : undefined);
  });
}
