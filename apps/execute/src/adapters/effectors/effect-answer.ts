import type { EffectAnswer } from '../../ports.ts';
import type { HttpAnswer } from '../http-call.ts';

/** What an HTTP answer says about the effect. Only a clear answer of the target itself is taken for one. */
export function effectAnswerFrom(answer: HttpAnswer): EffectAnswer {
  if (answer.kind === 'not-sent') return { kind: 'not-sent', reason: answer.reason };
  if (answer.kind === 'lost') return { kind: 'unknown', reason: answer.reason };
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { kind: 'applied' };
  const reason = `the target answers ${String(status)}${detailOf(body)}`;
  if (status === 409 && codeOf(body) === 'fencing-token-stale') return { kind: 'stale', reason };
  if (status === 429) return { kind: 'not-sent', reason };
  if (status >= 500 || status === 408 || status === 425) return { kind: 'unknown', reason };
  return { kind: 'refused', reason };
}

const fieldOf = (body: unknown, field: string): unknown =>
  typeof body === 'object' && body !== null ? Object.entries(body).find(([name]) => name === field)?.[1] : undefined;

const codeOf = (body: unknown): unknown => fieldOf(body, 'code');

function detailOf(body: unknown): string {
  const detail = fieldOf(body, 'detail');
  return typeof detail === 'string' ? `: ${detail.slice(0, 300)}` : '';
}
