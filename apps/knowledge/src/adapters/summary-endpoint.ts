import { readFile } from 'node:fs/promises';
import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import type { summaryRequest } from '../domain/summary-request.ts';

export interface SummaryEndpoint {
  readonly model: string;
  /** The text it drafts. Throws `upstream-unavailable`. */
  draft(request: ReturnType<typeof summaryRequest>): Promise<string>;
}

const timeoutMs = 20_000;
const Answer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
});

/** An OpenAI-compatible endpoint (`POST <url>/chat/completions`); the key is read from its file at each call. */
export function summaryEndpoint(url: string, model: string, keyFile: string | undefined): SummaryEndpoint {
  return {
    model,
    async draft(request) {
      try {
        const key = keyFile === undefined ? null : (await readFile(keyFile, 'utf8')).trim();
        const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            ...(key === null ? {} : { authorization: `Bearer ${key}` }),
          },
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
          body: JSON.stringify(request),
        });
        if (!response.ok) throw new Error(`status ${String(response.status)}`);
        return Answer.parse(await response.json()).choices[0]?.message.content?.trim() ?? '';
      } catch (cause) {
        throw new CharterError('upstream-unavailable', 'The endpoint for summaries did not answer well', { cause });
      }
    },
  };
}
