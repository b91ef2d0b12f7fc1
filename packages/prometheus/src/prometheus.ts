import type { Instant } from '@charter/shared/contracts';
import { readJson } from './api-answer.ts';
import { type Inconclusive, inconclusive } from './inconclusive.ts';
import { dataWarnings, hintsOf, QueryResult } from './query-result.ts';
import { kindOf, type ValueKind } from './sample-value.ts';
import { createUpstream, defaultLimits, type UpstreamOptions } from './upstream.ts';

/** One series at one time. `at` is the time of evaluation, by the upstream's clock. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly valueKind: ValueKind;
  readonly at: Instant;
}

/** One series over time; both arrays have the same length. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  /** Unix time in milliseconds, ascending. */
  readonly timestampsMs: readonly number[];
  /** NaN and infinities are kept as they came. */
  readonly values: readonly number[];
}

/** Answer to an instant query: at least one sample, not all of them NaN. A scalar is one sample without labels. */
export type InstantAnswer =
  | { readonly kind: 'vector'; readonly samples: readonly Sample[]; readonly hints: readonly string[] }
  | Inconclusive;

/** Answer to a range query: at least one series with points. */
export type RangeAnswer =
  | { readonly kind: 'matrix'; readonly series: readonly Series[]; readonly hints: readonly string[] }
  | Inconclusive;

export interface PrometheusOptions extends UpstreamOptions {
  /** An answer whose newest point is older than this, seen from the time asked for, is `stale`; in seconds. */
  readonly staleAfterSeconds?: number;
}

export interface Prometheus {
  /** Evaluates a query at one time, now by default. Never throws for upstream trouble. */
  instant(query: string, options?: { readonly at?: Instant; readonly signal?: AbortSignal }): Promise<InstantAnswer>;
  /** Evaluates a query every `stepSeconds` from `from` to `to`, both included. Never throws for upstream trouble. */
  range(
    query: string,
    span: { readonly from: Instant; readonly to: Instant; readonly stepSeconds: number; readonly signal?: AbortSignal },
  ): Promise<RangeAnswer>;
  /** For `/ready`: throws `upstream-unavailable` when the upstream is not ready to answer queries. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Prometheus itself looks back this far for the newest point of a series. */
const lookbackSeconds = 300;

const millisecondsFrom = (seconds: number): number => Math.round(seconds * 1000);

function vectorFrom(result: QueryResult, notBeforeMs: number): InstantAnswer {
  const warnings = dataWarnings(result);
  if (warnings.length > 0) return inconclusive('partial', warnings.join('; '));
  const { data } = result;
  if (data.resultType === 'matrix' || data.resultType === 'string') {
    return inconclusive('rejected', `the query gives a ${data.resultType}, not one number per series`);
  }
  const points = data.resultType === 'scalar' ? [{ metric: {}, value: data.result }] : data.result;
  if (points.length === 0) return inconclusive('empty', 'no series matches');
  const samples: Sample[] = [];
  for (const { metric, value: point } of points) {
    if (!point) return inconclusive('rejected', 'the query gives native histograms, not one number per series');
    const [seconds, value] = point;
    const ms = millisecondsFrom(seconds);
    if (ms < notBeforeMs) return inconclusive('stale', `the answer is of ${new Date(ms).toISOString()}`);
    samples.push({ labels: metric, value, valueKind: kindOf(value), at: new Date(ms).toISOString() });
  }
  if (samples.every(({ valueKind }) => valueKind === 'nan')) return inconclusive('nan', 'every sample is NaN');
  return { kind: 'vector', samples, hints: hintsOf(result) };
}

function matrixFrom(result: QueryResult, notBeforeMs: number): RangeAnswer {
  const warnings = dataWarnings(result);
  if (warnings.length > 0) return inconclusive('partial', warnings.join('; '));
  const { data } = result;
  if (data.resultType !== 'matrix') return inconclusive('malformed', `a range query gave a ${data.resultType}`);
  const series = data.result
    .filter(({ values }) => values.length > 0)
    .map(({ metric, values }) => ({
      labels: metric,
      timestampsMs: values.map(([seconds]) => millisecondsFrom(seconds)),
      values: values.map(([, value]) => value),
    }));
  if (series.length === 0) return inconclusive('empty', 'no series has points in this range');
  const newestMs = Math.max(...series.map(({ timestampsMs }) => timestampsMs.at(-1) ?? 0));
  if (newestMs < notBeforeMs) return inconclusive('stale', `all series end at ${new Date(newestMs).toISOString()}`);
  if (series.every(({ values }) => values.every(Number.isNaN))) return inconclusive('nan', 'every sample is NaN');
  return { kind: 'matrix', series, hints: hintsOf(result) };
}

/** A client of one upstream that speaks the Prometheus HTTP API v1. */
export function createPrometheus(options: PrometheusOptions): Prometheus {
  const { timeoutMs = defaultLimits.timeoutMs, staleAfterSeconds = lookbackSeconds } = options;
  const upstream = createUpstream(options);
  const timeout = `${String(timeoutMs)}ms`;

  async function ask(path: string, fields: Readonly<Record<string, string>>, signal: AbortSignal | undefined) {
    const form = new URLSearchParams({ ...fields, timeout });
    return readJson(QueryResult, await upstream.ask({ method: 'POST', path, form, signal, isRepeatable: true }));
  }

  return {
    async instant(query, { at, signal } = {}) {
      const time = at ?? new Date().toISOString();
      const answer = await ask('api/v1/query', at === undefined ? { query } : { query, time }, signal);
      if (answer.kind === 'inconclusive') return answer;
      return vectorFrom(answer.body, Date.parse(time) - staleAfterSeconds * 1000);
    },
    async range(query, { from, to, stepSeconds, signal }) {
      const fields = { query, start: from, end: to, step: String(stepSeconds) };
      const answer = await ask('api/v1/query_range', fields, signal);
      if (answer.kind === 'inconclusive') return answer;
      const newestWantedMs = Math.min(Date.parse(to), Date.now()) - stepSeconds * 1000;
      return matrixFrom(answer.body, newestWantedMs - staleAfterSeconds * 1000);
    },
    ready: () => upstream.ready(),
    close: () => upstream.close(),
  };
}
