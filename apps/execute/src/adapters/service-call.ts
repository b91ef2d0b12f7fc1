import { CharterError } from '@charter/shared/contracts';
import type { z } from 'zod';
import { callHttp } from './http-call.ts';

export interface ServiceConnection {
  /** The other service, in words. */
  readonly name: string;
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly timeoutMs?: number;
}

/**
 * Asks another service of Charter. Null when it answers 404.
 * @throws CharterError `upstream-unavailable` when it gives no answer that fits its contract
 */
export async function callService<Body>(
  { name, url, apiKey, timeoutMs = 2_000 }: ServiceConnection,
  call: { method: 'GET' | 'POST'; path: string; body?: unknown; contract: z.ZodType<Body> },
): Promise<Body | null> {
  const answer = await callHttp({
    method: call.method,
    url: new URL(call.path, url).href,
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
    body: call.body === undefined ? undefined : JSON.stringify(call.body),
    timeoutMs,
  });
  const away = (reason: string): CharterError =>
    new CharterError('upstream-unavailable', `The ${name} did not answer: ${reason}`);
  if (answer.kind !== 'answered') throw away(answer.reason);
  if (answer.status === 404) return null;
  if (answer.status >= 300) throw away(`status ${String(answer.status)}`);
  const body = call.contract.safeParse(answer.body);
  if (!body.success) throw away('its answer does not fit its contract');
  return body.data;
}
