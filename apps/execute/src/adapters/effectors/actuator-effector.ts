import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import { type ActuatorCall, isApplied } from '../../domain/actuation.ts';
import type { Spec } from '../../domain/spec.ts';
import type { Effector } from '../../ports.ts';
import { callHttp } from '../http-call.ts';
import { effectAnswerFrom } from './effect-answer.ts';

const Component = z.looseObject({
  spec: z.record(z.string(), z.json()),
  ready: z.number().optional(),
  booting: z.number().optional(),
});
type Component = z.infer<typeof Component>;
const State = z.looseObject({ components: z.record(z.string(), z.unknown()) });

export interface ActuatorOptions {
  readonly kind: 'testbed' | 'charter';
  readonly url: string;
  readonly component: string;
  readonly apiKey: string | undefined;
}

const readTimeoutMs = 2_000;

/**
 * A component whose actuators honor key and token: the testbed's, and the charter's own. Keyed.
 * Writes `POST /api/v1/components/{name}/{operation}`; reads `spec` from `/api/v1/state`, or from the component itself.
 */
export function actuatorEffector({ kind, url, component, apiKey }: ActuatorOptions): Effector {
  const base = `/api/v1/components/${encodeURIComponent(component)}`;
  const at = (path: string): string => new URL(path, url).href;
  const authorization: Record<string, string> = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };

  async function read(): Promise<Component> {
    const path = kind === 'testbed' ? '/api/v1/state' : base;
    const answer = await callHttp({ method: 'GET', url: at(path), headers: authorization, timeoutMs: readTimeoutMs });
    const away = (reason: string): CharterError =>
      new CharterError('effector-unavailable', `${component} cannot be read: ${reason}`);
    if (answer.kind !== 'answered') throw away(answer.reason);
    if (answer.status !== 200) throw away(`status ${String(answer.status)}`);
    const body = kind === 'testbed' ? State.safeParse(answer.body).data?.components[component] : answer.body;
    const parsed = Component.safeParse(body);
    if (!parsed.success) throw away('its state has no spec');
    return parsed.data;
  }

  const readSpec = async (): Promise<Spec> => (await read()).spec;
  return {
    kind,
    guarantee: 'keyed',
    readSpec,
    async apply({ call, idempotencyKey, fencingToken, timeoutMs }) {
      const answer = await callHttp({
        method: 'POST',
        url: at(`${base}/${call.operation}`),
        headers: { ...authorization, 'idempotency-key': idempotencyKey, 'fencing-token': String(fencingToken) },
        body: JSON.stringify(call.body),
        timeoutMs,
      });
      return effectAnswerFrom(answer);
    },
    async isReady() {
      const { ready, booting } = await read();
      return ready === undefined ? null : ready > 0 && (booting ?? 0) === 0;
    },
    isApplied: async (call: ActuatorCall) => isApplied(call, await readSpec()),
    preview: (call) => ({ method: 'POST', url: at(`${base}/${call.operation}`), body: call.body }),
  };
}
