import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import type { Effector } from '../../ports.ts';
import { callHttp } from '../http-call.ts';
import { effectAnswerFrom } from './effect-answer.ts';

/** What a supervisor says of itself at `GET /`; one that says nothing is taken not to honor keys. */
const Supervisor = z.looseObject({
  honorsKeys: z.boolean().default(false),
  running: z.boolean().optional(),
});

const readTimeoutMs = 1_000;

/**
 * A process behind its supervisor: `POST /restart`. Keyed when the supervisor says `honorsKeys` at `GET /`, else at most
 * once. A restart has no inverse.
 */
export async function processEffector(supervisorUrl: string): Promise<Effector> {
  const at = (path: string): string =>
    new URL(path, supervisorUrl.endsWith('/') ? supervisorUrl : `${supervisorUrl}/`).href;

  async function ask(): Promise<z.infer<typeof Supervisor>> {
    const answer = await callHttp({ method: 'GET', url: at(''), timeoutMs: readTimeoutMs });
    if (answer.kind !== 'answered')
      throw new CharterError('effector-unavailable', `The supervisor does not answer: ${answer.reason}`);
    return Supervisor.safeParse(answer.body).data ?? { honorsKeys: false };
  }

  const { honorsKeys } = await ask().catch((error: unknown) => {
    if (error instanceof CharterError) return { honorsKeys: false };
    throw error;
  });
  return {
    kind: 'process',
    guarantee: honorsKeys ? 'keyed' : 'at-most-once',
    readSpec: () => Promise.resolve(null),
    isReady: async () => (await ask()).running ?? null,
    isApplied: () => Promise.resolve(null),
    async apply({ call, idempotencyKey, fencingToken, timeoutMs }) {
      if (call.operation !== 'restart') return { kind: 'refused', reason: `A process does not take ${call.operation}` };
      const headers = { 'idempotency-key': idempotencyKey, 'fencing-token': String(fencingToken) };
      return effectAnswerFrom(await callHttp({ method: 'POST', url: at('restart'), headers, body: '{}', timeoutMs }));
    },
    preview: (call) => ({ method: 'POST', url: at('restart'), body: call.body }),
  };
}
