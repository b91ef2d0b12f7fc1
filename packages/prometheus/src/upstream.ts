import { setTimeout as pause } from 'node:timers/promises';
import { CharterError } from '@charter/shared/contracts';
import { type Dispatcher, errors, Pool } from 'undici';
import { admit, afterCancel, afterFailure, type Breaker, closedBreaker } from './breaker.ts';
import { inconclusive, type UpstreamTrouble } from './inconclusive.ts';

/** An upstream to ask. Limits not given are `defaultLimits`. */
export interface UpstreamOptions {
  /** Base URL; a path in it is kept. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Time for a question with all its retries, in milliseconds. */
  readonly timeoutMs?: number;
  /** Connections, and so questions at once; others wait within their own timeout. */
  readonly maxConcurrent?: number;
  readonly maxAnswerBytes?: number;
  /** Failures in a row after which nothing is asked for `breakerOpenMs`. */
  readonly breakerFailures?: number;
  readonly breakerOpenMs?: number;
}

export const defaultLimits = {
  timeoutMs: 5000,
  maxConcurrent: 8,
  maxAnswerBytes: 16 * 1024 * 1024,
  breakerFailures: 5,
  breakerOpenMs: 2000,
  /** Longest pause before the one retry of a question that changes nothing. */
  retryPauseMs: 200,
} as const;

interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, without a leading slash. */
  readonly path: string;
  readonly form?: URLSearchParams;
  readonly json?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Asking twice is like asking once. */
  readonly isRepeatable: boolean;
}

/** What arrived: any status that the upstream itself answers with. */
export interface Arrived {
  readonly kind: 'arrived';
  readonly status: number;
  readonly text: string;
}

export type UpstreamAnswer = Arrived | UpstreamTrouble;

export interface Upstream {
  ask(question: Question): Promise<UpstreamAnswer>;
  /** Throws `upstream-unavailable` unless `/-/ready` answers 200. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Gateways say with these that who should answer does not. */
const gatewayStatuses: ReadonlySet<number> = new Set([502, 504]);

const notAsked = inconclusive('unavailable', 'not asked: it failed too often a moment ago');

async function readBounded(body: Dispatcher.ResponseData['body'], maxBytes: number): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes > maxBytes) return null;
    chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return 'did not answer';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `did not answer: ${code}`;
}

/** Whether a failure says that the upstream is in trouble, rather than the question. */
const isFailure = (answer: UpstreamAnswer): boolean =>
  answer.kind === 'arrived' ? answer.status >= 500 : answer.reason === 'timeout' || answer.reason === 'unavailable';

/** Asks one upstream: bounded in time, size and number, with one jittered retry and a circuit breaker. Never throws. */
export function createUpstream(options: UpstreamOptions): Upstream {
  const limits = { ...defaultLimits, ...options };
  const breakerLimits = { failuresToOpen: limits.breakerFailures, openMs: limits.breakerOpenMs };
  const base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
  const pool = new Pool(base.origin, { connections: limits.maxConcurrent, pipelining: 1 });
  let breaker: Breaker = closedBreaker;

  async function send(question: Question, signal: AbortSignal): Promise<UpstreamAnswer> {
    const { form, json } = question;
    const body = form ? form.toString() : json === undefined ? null : JSON.stringify(json);
    const mediaType = form ? 'application/x-www-form-urlencoded' : 'application/json';
    const response = await pool.request({
      method: question.method,
      path: base.pathname + question.path,
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': mediaType }),
        ...options.headers,
      },
      body,
      signal,
    });
    const text = await readBounded(response.body, limits.maxAnswerBytes);
    const status = response.statusCode;
    if (text === null) return inconclusive('malformed', `answered more than ${String(limits.maxAnswerBytes)} bytes`);
    if (gatewayStatuses.has(status)) return inconclusive('unavailable', `answered ${String(status)}`);
    return { kind: 'arrived', status, text };
  }

  async function attempt(question: Question, timeout: AbortSignal): Promise<UpstreamAnswer> {
    const signal = question.signal ? AbortSignal.any([timeout, question.signal]) : timeout;
    const admitted = admit(breaker, breakerLimits, performance.now());
    if (!admitted) return notAsked;
    breaker = admitted;
    let answer: UpstreamAnswer;
    try {
      answer = await send(question, signal);
    } catch (error) {
      if (question.signal?.aborted) {
        breaker = afterCancel(breaker);
        return inconclusive('timeout', 'given up by its caller');
      }
      if (timeout.aborted) answer = inconclusive('timeout', `no answer within ${String(limits.timeoutMs)} ms`);
      else if (error instanceof errors.HTTPParserError) answer = inconclusive('malformed', 'answered no HTTP');
      else answer = inconclusive('unavailable', detailOf(error));
    }
    breaker = isFailure(answer)
      ? afterFailure(breaker, breakerLimits, performance.now(), Math.random())
      : closedBreaker;
    return answer;
  }

  return {
    async ready() {
      const question = { method: 'GET', path: '-/ready', isRepeatable: false } as const;
      const answer = await attempt(question, AbortSignal.timeout(limits.timeoutMs));
      if (answer.kind === 'inconclusive') throw new CharterError('upstream-unavailable', answer.detail);
      if (answer.status !== 200) throw new CharterError('upstream-unavailable', `answered ${String(answer.status)}`);
    },
    async ask(question) {
      const timeout = AbortSignal.timeout(limits.timeoutMs);
      const first = await attempt(question, timeout);
      const isLost = first.kind === 'inconclusive' && first.reason === 'unavailable' && first !== notAsked;
      if (!question.isRepeatable || !isLost) return first;
      await pause(limits.retryPauseMs * (0.25 + 0.75 * Math.random()));
      return attempt(question, timeout);
    },
    close: () => pool.destroy(),
  };
}
