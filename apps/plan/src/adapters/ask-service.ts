import { CharterError } from '@charter/shared/contracts';
import type { z } from 'zod';

/** Another service of the loop, by URL. */
export interface Connection {
  /** Its name, for messages. */
  readonly name: string;
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 500;

/**
 * One GET, checked against its contract; null when the service knows no such thing.
 * Throws `upstream-unavailable` when there is no good answer in time.
 */
export async function askService<Body>(
  connection: Connection,
  path: string,
  query: Readonly<Record<string, string>>,
  contract: z.ZodType<Body>,
): Promise<Body | null> {
  const { name, apiKey, timeoutMs = defaultTimeoutMs } = connection;
  const url = new URL(path, connection.url);
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  const unavailable = (why: string, cause?: unknown): CharterError =>
    new CharterError('upstream-unavailable', `${name} ${why}`, { cause });
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(url, {
      headers: { accept: 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = await response.json();
  } catch (cause) {
    throw unavailable('did not answer', cause);
  }
  if (response.status === 404) return null;
  if (!response.ok) throw unavailable(`answered ${String(response.status)}`);
  const parsed = contract.safeParse(body);
  if (!parsed.success) throw unavailable('answered outside its contract', parsed.error);
  return parsed.data;
}
