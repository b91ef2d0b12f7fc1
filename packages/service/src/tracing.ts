import type { AppName } from './config.ts';
import { type TraceConfig, tracesUrl } from './trace-config.ts';

export interface SpanOptions {
  readonly kind?: 'internal' | 'server' | 'client' | 'consumer';
  /** W3C `traceparent` of what it is part of; what runs now when absent, a new trace when nothing does. */
  readonly parent?: string | null | undefined;
  /** W3C `traceparent` that the span itself is known by already. */
  readonly self?: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** A span that has begun. */
export interface RunningSpan {
  readonly traceparent: string;
  /** Does `work` as part of the span; what it starts meanwhile belongs to the span, too. */
  run<T>(work: () => T): T;
  set(attributes: Readonly<Record<string, string | number | boolean>>): void;
  /** Ends it, as failed when there is an error. */
  end(error?: unknown): void;
}

/** Tracing of one service. Where it is off there is none, and nothing is spent on it. */
export interface Tracing {
  start(name: string, options?: SpanOptions): RunningSpan;
  /** Sends what is left. */
  close(): Promise<void>;
}

const started = new Map<AppName, Promise<Tracing | null>>();

/** The service's tracing: begun at the first call, the same for all of them until it is closed; null while it is off. */
export function tracingOf(app: AppName, config: TraceConfig): Promise<Tracing | null> {
  const url = tracesUrl(config);
  if (url === null) return Promise.resolve(null);
  const known = started.get(app) ?? begin(app, url, config);
  started.set(app, known);
  return known;
}

/** OpenTelemetry is loaded here and nowhere else, and only when it is asked for. */
async function begin(app: AppName, url: string, config: TraceConfig): Promise<Tracing> {
  const { openTelemetry } = await import('./open-telemetry.ts');
  const tracing = openTelemetry(app, url, config);
  return {
    ...tracing,
    async close() {
      started.delete(app);
      await tracing.close();
    },
  };
}

/** Does `work` in a span of its own; where tracing is off it only does `work`. */
export async function inSpan<T>(
  tracing: Tracing | null | undefined,
  name: string,
  options: SpanOptions,
  work: () => Promise<T>,
): Promise<T> {
  if (!tracing) return work();
  const span = tracing.start(name, options);
  try {
    const result = await span.run(work);
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
