import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import type { Effector } from '../../ports.ts';
import { callHttp, type HttpAnswer } from '../http-call.ts';
import { effectAnswerFrom } from './effect-answer.ts';

/** A supervisor that lists its effects by key honors keys. */
const Effects = z.looseObject({ items: z.array(z.looseObject({ idempotencyKey: z.string() })) });
const State = z.looseObject({ components: z.record(z.string(), z.looseObject({ healthy: z.boolean() })) });

/** A supervisor that counts the starts of its process shows whether a restart took place. */
const Status = z.looseObject({ starts: z.int() });

const readTimeoutMs = 1_000;

/**
 * A process behind its supervisor: `POST /restart`, keyed when the supervisor answers `GET /api/v1/effects` with a list
 * of effects by key, else at most once. `GET /status` with the number of `starts`, where there is one, tells whether a
 * restart took place. `GET /api/v1/state`, where there is one, tells when the process is up again.
 * A restart has no inverse.
 */
export async function processEffector(supervisorUrl: string): Promise<Effector> {
  const at = (path: string): string =>
    new URL(path, supervisorUrl.endsWith('/') ? supervisorUrl : `${supervisorUrl}/`).href;
  const get = (path: string): Promise<HttpAnswer> =>
    callHttp({ method: 'GET', url: at(path), timeoutMs: readTimeoutMs });
  async function ask<Answer>(path: string, schema: z.ZodType<Answer>): Promise<Answer | null> {
    const answer = await get(path);
    if (answer.kind !== 'answered') throw new CharterError('effector-unavailable', `The supervisor: ${answer.reason}`);
    return schema.safeParse(answer.body).data ?? null;
  }

  const effects = await get('api/v1/effects');
  const honorsKeys = effects.kind === 'answered' && effects.status === 200 && Effects.safeParse(effects.body).success;
  return {
    kind: 'process',
    guarantee: honorsKeys ? 'keyed' : 'at-most-once',
    readSpec: () => Promise.resolve(null),
    readMark: async () => (await ask('status', Status))?.starts.toString() ?? null,
    async isReady() {
      const state = await ask('api/v1/state', State);
      return state === null ? null : Object.values(state.components).every(({ healthy }) => healthy);
    },
    isApplied: () => Promise.resolve(null),
    async apply({ call, idempotencyKey, fencingToken, timeoutMs }) {
      if (call.operation !== 'restart') return { kind: 'refused', reason: `A process does not take ${call.operation}` };
      const headers = { 'idempotency-key': idempotencyKey, 'fencing-token': String(fencingToken) };
      return effectAnswerFrom(await callHttp({ method: 'POST', url: at('restart'), headers, body: '{}', timeoutMs }));
    },
    preview: (call) => ({ method: 'POST', url: at('restart'), body: call.body }),
  };
}
