import { AutomationMode, CharterError } from '@charter/shared/contracts';
import { z } from 'zod';

const Grant = z.object({
  policy: z.string().nullable(),
  action: z.string().nullable(),
  targetClass: z.string().nullable(),
  mode: AutomationMode,
  maximum: AutomationMode,
});
export type Grant = z.infer<typeof Grant>;

const Automation = z.object({ items: z.array(Grant) });

export interface GrantWish extends Grant {
  readonly reason: string;
}

export interface CharterAutomation {
  grants(): Promise<Grant[]>;
  put(wish: GrantWish): Promise<void>;
}

const timeoutMs = 2_000;

/** The charter's automation modes over REST. Throws `upstream-unavailable` when it does not answer well. */
export function charterAutomation(url: string, apiKey: string | undefined): CharterAutomation {
  async function ask(method: 'GET' | 'PUT', body?: unknown): Promise<Grant[]> {
    try {
      const response = await fetch(new URL('/api/v1/automation', url), {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`status ${String(response.status)}`);
      return Automation.parse(await response.json()).items;
    } catch (cause) {
      throw new CharterError('upstream-unavailable', 'The charter did not answer about automation', { cause });
    }
  }
  return {
    grants: () => ask('GET'),
    async put({ policy, action, targetClass, mode, maximum, reason }) {
      const named = Object.entries({ policy, action, targetClass }).filter(([, value]) => value !== null);
      await ask('PUT', { ...Object.fromEntries(named), mode, maximum, reason: reason.slice(0, 1_000) });
    },
  };
}
