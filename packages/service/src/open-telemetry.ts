import { AsyncLocalStorage } from 'node:async_hooks';
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import manifest from '../package.json' with { type: 'json' };
import { type OutgoingCall, watchOutgoingCalls } from './outgoing-calls.ts';
import type { TraceConfig } from './trace-config.ts';
import type { RunningSpan, SpanOptions, Tracing } from './tracing.ts';

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  consumer: SpanKind.CONSUMER,
} as const;
/** Of several, as a caller and what carries its call may both name one, the first. */
const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:,|$)/;

/** What runs now: the span, and the tracing of the service that it belongs to. All services of a process share the storage. */
const running = new AsyncLocalStorage<{ readonly context: Context; readonly tracing: Tracing }>();

/** The tracing of one service on OpenTelemetry, sent in batches as OTLP over HTTP. */
export function openTelemetry(app: string, url: string, config: TraceConfig): Tracing {
  const random = new RandomIdGenerator();
  let known: { traceId: string; spanId: string } | null = null;
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': `charter-${app}`, 'service.version': manifest.version }))
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerFrom(config),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }) })],
    idGenerator: {
      generateTraceId: () => known?.traceId ?? random.generateTraceId(),
      generateSpanId: () => known?.spanId ?? random.generateSpanId(),
    },
  });
  const tracer = provider.getTracer('charter', manifest.version);

  const tracing: Tracing = {
    start(name, { kind = 'internal', parent, self, attributes = {} }: SpanOptions = {}) {
      const [, traceId, spanId] = traceparent.exec(self ?? '') ?? [];
      known = traceId !== undefined && spanId !== undefined ? { traceId, spanId } : null;
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, contextOf(parent));
      known = null;
      return runningSpan(span, tracing);
    },
    async close() {
      stopWatching();
      await provider.shutdown();
    },
  };
  const stopWatching = watchOutgoingCalls((call) => {
    const now = running.getStore();
    return now?.tracing === tracing ? traceCall(call, tracing) : null;
  });
  return tracing;
}

function runningSpan(span: Span, tracing: Tracing): RunningSpan {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    run: (work) => running.run({ context: trace.setSpan(ROOT_CONTEXT, span), tracing }, work),
    set: (attributes) => void span.setAttributes(attributes),
    end(error) {
      if (error !== undefined) {
        const message = error instanceof Error ? error.message : String(error);
        span.setStatus({ code: SpanStatusCode.ERROR, message });
      }
      span.end();
    },
  };
}

/** A call to another service: a span of what makes it, which the other service continues. */
function traceCall({ method, url, addHeader }: OutgoingCall, tracing: Tracing) {
  const attributes = { 'http.request.method': method, 'url.full': url };
  const span = tracing.start(method, { kind: 'client', attributes });
  addHeader('traceparent', span.traceparent);
  return {
    answered: (status: number) => span.set({ 'http.response.status_code': status }),
    ended: (error?: unknown) => span.end(error),
  };
}

/** Where a span belongs: into what runs now, when that is part of the same trace, else directly below its parent. */
function contextOf(parent: string | null | undefined): Context {
  const now = running.getStore()?.context ?? ROOT_CONTEXT;
  if (parent === undefined) return now;
  const [, traceId, spanId, flags] = traceparent.exec(parent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  if (trace.getSpanContext(now)?.traceId === traceId) return now;
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
}

function samplerFrom({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: share }: TraceConfig): Sampler {
  const root = name.endsWith('always_on')
    ? new AlwaysOnSampler()
    : name.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(share);
  return name.startsWith('parentbased') ? new ParentBasedSampler({ root }) : root;
}
