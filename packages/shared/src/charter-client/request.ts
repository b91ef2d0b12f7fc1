import type { z } from 'zod';
import { CharterError, type FailureCode, failures, Problem } from '../contracts/index.ts';

/** Where the charter answers and how this caller is known there. */
export interface CharterConnection {
  /** Base URL, such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Sent as bearer token. */
  readonly apiKey?: string;
  /** How long to wait for an answer, in milliseconds; 500 unless it says otherwise. */
  readonly timeoutMs?: number;
}

/** What one call may add. */
export interface CallOptions {
  /** W3C trace to carry on. */
  readonly traceparent?: string;
  /** The `Authorization` header of the person on whose behalf this is forwarded, instead of the own key. */
  readonly authorization?: string;
  readonly signal?: AbortSignal;
}

interface Call extends CallOptions {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly etag?: string;
}

/** An answer below 400. A body only where the status carries one. */
export interface CharterAnswer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: unknown;
}

const defaultTimeoutMs = 500;

function headersOf(connection: CharterConnection, call: Call): Record<string, string> {
  const authorization =
    call.authorization ?? (connection.apiKey === undefined ? undefined : `Bearer ${connection.apiKey}`);
  return {
    accept: 'application/json',
    ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    ...(call.etag === undefined ? {} : { 'if-none-match': call.etag }),
  };
}

const isFailureCode = (code: string): code is FailureCode => Object.hasOwn(failures, code);

function failureFrom(status: number, body: unknown): CharterError {
  const { success, data: problem } = Problem.safeParse(body);
  if (!success || !isFailureCode(problem.code)) {
    return new CharterError('upstream-unavailable', `The charter answered ${String(status)}`);
  }
  const errors = problem.errors.map(({ pointer, detail, line }) => ({
    pointer,
    detail,
    ...(line === undefined ? {} : { line }),
  }));
  return new CharterError(problem.code, problem.detail, { errors });
}

/** Makes one call. Throws a `CharterError`: the charter's own, or `upstream-unavailable` when it did not answer well. */
export async function askCharter(connection: CharterConnection, call: Call): Promise<CharterAnswer> {
  const timeout = AbortSignal.timeout(connection.timeoutMs ?? defaultTimeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(call.path, connection.url), {
      method: call.method,
      headers: headersOf(connection, call),
      redirect: 'error',
      signal: call.signal ? AbortSignal.any([timeout, call.signal]) : timeout,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    text = await response.text();
  } catch (cause) {
    throw new CharterError('upstream-unavailable', 'The charter did not answer', { cause });
  }
  const body = text === '' ? undefined : jsonFrom(text);
  if (response.status >= 400) throw failureFrom(response.status, body);
  return { status: response.status, etag: response.headers.get('etag'), body };
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CharterError('upstream-unavailable', 'The charter answered something that is no JSON', { cause });
  }
}

/** The body of an answer as its contract says; anything else counts as no answer. */
export function readAnswer<Body>(contract: z.ZodType<Body>, answer: CharterAnswer): Body {
  const parsed = contract.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  throw new CharterError('upstream-unavailable', 'The charter answered outside its contract', { cause: parsed.error });
}

/** A path with those parameters of the query that are present. */
export function pathWithQuery(path: string, query: Readonly<Record<string, string | number | undefined>>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? path : `${path}?${String(parameters)}`;
}
