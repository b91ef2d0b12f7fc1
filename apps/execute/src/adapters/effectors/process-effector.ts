import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import type { Effector } from '../../ports.ts';
import { callHttp, type HttpAnswer } from '../http-call.ts';
import { effectAnswerFrom } from './effect-answer.ts';

/** A supervisor that lists its effects by key honors keys. */
const Effects = z.looseObject({ items: z.array(z.looseObject({ idempotencyKey: z.string() })) });
const State = z.looseObject({ components: z.record(z.string(), z.looseObject({ healthy: z.boolean() })) });

const readTimeoutMs = 1_000;

/**
 * A process behind its supervisor: `POST /restart`, keyed when the supervisor answers `GET /api/v1/effects` with a list
 * of effects by key, else at most once. `GET /api/v1/state`, where there is one, tells when the process is up again.
 * A restart has no inverse.
 */
export async function processEffector(supervisorUrl: string): Promise<Effector> {
  const at = (path: string): string =>
    new URL(path, supervisorUrl.endsWith('/') ? supervisorUrl : `${supervisorUrl}/`).href;
  const get = (path: string): Promise<HttpAnswer> =>
    callHttp({ method: 'GET', url: at(path), timeoutMs: readTimeoutMs });

  const effects = await get('api/v1/effects');
  const honorsKeys = effects.kind === 'answered' && effects.status === 200 && Effects.safeParse(effects.body).success;
  return {
    kind: 'process',
    guarantee: honorsKeys ? 'keyed' : 'at-most-once',
    readSpec: () => Promise.resolve(null),
    async isReady() {
      const answer = await get('api/v1/state');
      if (answer.kind !== 'answered')
        throw new CharterError('effector-unavailable', `The supervisor: ${answer.reason}`);
      const state = State.safeParse(answer.body);
      return state.success ? Object.values(state.data.components).every(({ healthy }) => healthy) : null;
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
