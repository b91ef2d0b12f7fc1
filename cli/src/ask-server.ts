import type { z } from 'zod';

/** A plain reason why it cannot go on, for a person to read. */
export class InitError extends Error {
  override readonly name = 'InitError';
}

const timeoutMs = 5_000;

/** Which server is asked, and what it is called in messages. */
export interface ServerAddress {
  readonly name: string;
  readonly url: string;
}

async function send({ name, url }: ServerAddress, path: string, body?: unknown): Promise<Response> {
  const target = new URL(path, url.endsWith('/') ? url : `${url}/`);
  const request =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(target, { ...request, signal: AbortSignal.timeout(timeoutMs) }).catch(
    (cause: unknown) => {
      throw new InitError(`${name} does not answer at ${url}: ${reasonOf(cause)}`, { cause });
    },
  );
  if (!response.ok) throw new InitError(`${name} answers ${String(response.status)} at ${target.href}`);
  return response;
}

/** Asks for JSON of one shape. @throws InitError naming the server and what is wrong */
export async function askServer<Answer>(
  server: ServerAddress,
  path: string,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  const response = await send(server, path);
  const text = await response.text();
  const parsed = schema.safeParse(jsonOrNull(text));
  if (parsed.success) return parsed.data;
  throw new InitError(`${server.url} is no ${server.name}: ${path} answers ${JSON.stringify(text.slice(0, 60))}`);
}

/** @throws InitError naming the server and what is wrong */
export async function tellServer(server: ServerAddress, path: string, body: unknown): Promise<void> {
  await (await send(server, path, body)).body?.cancel();
}

/** A text answer, or null when there is none. */
export async function textOf({ url }: ServerAddress, path: string): Promise<string | null> {
  const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(timeoutMs) }).catch(() => null);
  return response?.ok ? response.text() : null;
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message;
}
