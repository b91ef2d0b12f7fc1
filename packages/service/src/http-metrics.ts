import type { FastifyInstance } from 'fastify';
import { Histogram } from 'prom-client';
import { metricPrefix, type Registry } from './registry.ts';
import { traceIdOf } from './trace.ts';

/** Duration of every request by method, route pattern and status: label values that callers cannot invent. */
export function measureRequests(app: FastifyInstance, service: string, registry: Registry): void {
  const duration = new Histogram<'method' | 'route' | 'status' | 'trace_id'>({
    name: `${metricPrefix(service)}http_request_duration_seconds`,
    help: 'Time from receiving a request to having sent its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [],
    enableExemplars: true,
  });
  registry.registerMetric(duration); // prom-client takes no exemplars in a registry that writes the classic text first
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unmatched';
    const traceId = traceIdOf(request);
    duration.observe({
      labels: { method: request.method, route, status: reply.statusCode },
      value: reply.elapsedTime / 1000,
      ...(traceId === '' ? {} : { exemplarLabels: { trace_id: traceId } }),
    });
  });
}
