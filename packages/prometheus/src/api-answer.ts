import { z } from 'zod';
import { inconclusive, type UpstreamTrouble } from './inconclusive.ts';
import type { Arrived, UpstreamAnswer } from './upstream.ts';

const Failed = z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() });

/** Longest part of somebody else's message that a detail quotes. */
const quotedLength = 500;

function jsonFrom(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** What an answer that is no success says went wrong. */
export function troubleFrom({ status, text }: Arrived): UpstreamTrouble {
  const failed = Failed.safeParse(jsonFrom(text)?.value);
  const detail = failed.success ? failed.data.error.slice(0, quotedLength) : `answered ${String(status)}`;
  if (failed.success && (failed.data.errorType === 'timeout' || failed.data.errorType === 'canceled')) {
    return inconclusive('timeout', detail);
  }
  const isRefusal = status === 400 || status === 401 || status === 403 || status === 422;
  return inconclusive(isRefusal ? 'rejected' : 'unavailable', detail);
}

/** The body of a good answer as its schema says, or what is wrong. */
export function readJson<Body>(
  schema: z.ZodType<Body>,
  answer: UpstreamAnswer,
): { readonly kind: 'read'; readonly body: Body } | UpstreamTrouble {
  if (answer.kind === 'inconclusive') return answer;
  if (answer.status < 200 || answer.status >= 300) return troubleFrom(answer);
  const json = jsonFrom(answer.text);
  if (!json) return inconclusive('malformed', 'answered something that is no JSON');
  const parsed = schema.safeParse(json.value);
  if (parsed.success) return { kind: 'read', body: parsed.data };
  const [issue] = parsed.error.issues;
  return inconclusive('malformed', `answered another shape: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}
