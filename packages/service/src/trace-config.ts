import { z } from 'zod';

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/**
 * OpenTelemetry's own variables. Tracing is off until an endpoint, or `OTEL_TRACES_EXPORTER=otlp`, is named. What is not here
 * (headers, compression, timeouts, resource attributes) the exporter reads from the process itself.
 */
export const traceSettings = {
  OTEL_SDK_DISABLED: z.stringbool().default(false),
  /** Only `otlp` sends anything. */
  OTEL_TRACES_EXPORTER: z.string().optional(),
  /** A collector's base URL; traces go to `/v1/traces` below it, as JSON over HTTP. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  /** The whole URL of the traces, if it is another one. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url().optional(),
  /** Incidents count as sampled where they begin: to keep a share of them, take `traceidratio`. */
  OTEL_TRACES_SAMPLER: z.enum(samplers).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(1),
};

const TraceConfig = z.object(traceSettings);
export type TraceConfig = z.infer<typeof TraceConfig>;

const localCollector = 'http://127.0.0.1:4318';

/** Where spans go, or null while tracing is off. */
export function tracesUrl(config: TraceConfig): string | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: whole } = config;
  const exporter = config.OTEL_TRACES_EXPORTER ?? (base === undefined && whole === undefined ? 'none' : 'otlp');
  if (config.OTEL_SDK_DISABLED || exporter !== 'otlp') return null;
  return whole ?? `${(base ?? localCollector).replace(/\/$/, '')}/v1/traces`;
}
