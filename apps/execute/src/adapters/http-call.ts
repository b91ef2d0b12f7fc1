import { Agent, type Dispatcher, request } from 'undici';

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  readonly dispatcher?: Dispatcher;
}

/** What came back. `not-sent`: the other side never heard of it; `lost`: it may have. */
export type HttpAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown }
  | { readonly kind: 'not-sent'; readonly reason: string }
  | { readonly kind: 'lost'; readonly reason: string };

const longestAnswer = 4 * 1024 * 1024;

/** A connection of its own for each call: a kept one may be closed just as it is used, and nobody knows what got through. */
export const freshConnections = new Agent({ pipelining: 0, connect: { timeout: 2_000 } });

const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'EACCES',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'HOST_NOT_ALLOWED',
]);

/** Makes one HTTP call. Never throws for what a network or the other side can do, and follows no redirect. */
export async function callHttp({
  method,
  url,
  headers,
  body,
  timeoutMs,
  dispatcher = freshConnections,
}: HttpCall): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(Math.ceil(timeoutMs));
  try {
    const response = await request(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body ?? null,
      dispatcher,
      signal,
    });
    const text = await textOf(response.body);
    return { kind: 'answered', status: response.statusCode, body: jsonFrom(text) };
  } catch (error) {
    const code = codeOf(error);
    const reason = signal.aborted ? `no answer within ${String(timeoutMs)} ms` : reasonOf(error, code);
    return neverConnected.has(code) ? { kind: 'not-sent', reason } : { kind: 'lost', reason };
  }
}

async function textOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const buffer = Buffer.from(chunk);
    bytes += buffer.length;
    if (bytes <= longestAnswer) chunks.push(buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(0, 500);
  }
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const reasonOf = (error: unknown, code: string): string =>
  code === 'HOST_NOT_ALLOWED' && error instanceof Error ? error.message : code || 'the connection broke';
