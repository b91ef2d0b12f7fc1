import { createHmac } from 'node:crypto';
import { ActionType, CharterError, type EffectorSpec } from '@charter/shared/contracts';
import { z } from 'zod';
import { type ActuatorCall, isApplied, operationOf, settingFor } from '../../domain/actuation.ts';
import type { Json, Spec } from '../../domain/spec.ts';
import type { EffectAnswer, Effector, EffectRequest } from '../../ports.ts';
import { callHttp } from '../http-call.ts';
import { connectionsTo } from './allowed-hosts.ts';
import { effectAnswerFrom } from './effect-answer.ts';
import { fillBody, fillPath, type TemplateValues, valueAt } from './template.ts';

type HttpSpec = Extract<EffectorSpec, { kind: 'http' }>;

export interface HttpEffectorOptions {
  readonly spec: HttpSpec;
  readonly target: string;
  /** The secret a target names, from the environment or a file; never logged or journalled. */
  readonly secretOf: (name: string) => string | undefined;
  /** Seconds since the epoch, for signatures. */
  readonly now: () => number;
}

const readTimeoutMs = 2_000;

/**
 * Any system with an HTTP API: one request template an action, sent to allowed hosts only and signed when the target
 * names a secret. Keyed where the target honors keys, set-point where it reads back, else at most once.
 * `Charter-Signature: t=<seconds>,v1=<hex HMAC-SHA256 of "<t>.<method>.<path>.<body>">`.
 */
export function httpEffector({ spec, target, secretOf, now }: HttpEffectorOptions): Effector {
  const dispatcher = connectionsTo(spec.allowHosts ?? [new URL(spec.url).hostname]);
  const { readBack, restartMark } = spec;

  function requestFor(call: ActuatorCall, values: TemplateValues) {
    const template = spec.requests[call.action] ?? sameOperation(spec, call);
    if (!template) return `${target} has no request for ${call.action}`;
    const path = fillPath(template.path, values);
    if (path.kind === 'missing') return `the path of ${call.action} needs {${path.name}}`;
    const body = template.body === undefined ? null : fillBody(template.body, values);
    if (body?.kind === 'missing') return `the body of ${call.action} needs {${body.name}}`;
    const url = new URL(path.value.replace(/^\//, ''), spec.url.endsWith('/') ? spec.url : `${spec.url}/`);
    if (url.origin !== new URL(spec.url).origin) return `the path of ${call.action} leaves ${spec.url}`;
    return { method: template.method, url, body: body?.value };
  }

  function signed(method: string, url: URL, body: string | undefined): Record<string, string> {
    if (spec.secretEnvironment === undefined) return {};
    const secret = secretOf(spec.secretEnvironment);
    if (secret === undefined) throw new CharterError('config-invalid', `${spec.secretEnvironment} is not set`);
    const time = String(Math.floor(now()));
    const text = `${time}.${method}.${url.pathname}${url.search}.${body ?? ''}`;
    return { 'charter-signature': `t=${time},v1=${createHmac('sha256', secret).update(text).digest('hex')}` };
  }

  async function send({ call, idempotencyKey, fencingToken, timeoutMs }: EffectRequest): Promise<EffectAnswer> {
    const made = requestFor(call, { ...call.body, target, idempotencyKey, fencingToken });
    if (typeof made === 'string') return { kind: 'refused', reason: made };
    const body = made.body === undefined ? undefined : JSON.stringify(made.body);
    const headers = {
      'idempotency-key': idempotencyKey,
      'fencing-token': String(fencingToken),
      ...signed(made.method, made.url, body),
    };
    return effectAnswerFrom(
      await callHttp({ method: made.method, url: made.url.href, headers, body, timeoutMs, dispatcher }),
    );
  }

  async function read({ path, pointer }: NonNullable<HttpSpec['readBack']>): Promise<Json> {
    const url = new URL(path.replace(/^\//, ''), spec.url.endsWith('/') ? spec.url : `${spec.url}/`);
    const answer = await callHttp({
      method: 'GET',
      url: url.href,
      headers: signed('GET', url, undefined),
      timeoutMs: readTimeoutMs,
      dispatcher,
    });
    const away = (reason: string): CharterError =>
      new CharterError('effector-unavailable', `${target} cannot be read: ${reason}`);
    if (answer.kind !== 'answered') throw away(answer.reason);
    if (answer.status !== 200) throw away(`status ${String(answer.status)}`);
    const value = z.json().safeParse(valueAt(answer.body, pointer));
    if (!value.success || value.data === undefined) throw away(`${pointer} names nothing in its answer`);
    return value.data;
  }

  const readSpec = async (): Promise<Spec | null> => (readBack ? specFrom(await read(readBack), spec) : null);

  return {
    kind: 'http',
    guarantee: spec.keyed ? 'keyed' : readBack ? 'set-point' : 'at-most-once',
    apply: send,
    readSpec,
    readMark: async () => (restartMark ? JSON.stringify(await read(restartMark)) : null),
    isReady: () => Promise.resolve(null),
    async isApplied(call) {
      const now = await readSpec();
      return now === null ? null : isApplied(call, now);
    },
    preview(call) {
      const made = requestFor(call, { ...call.body, target, idempotencyKey: 'dry-run', fencingToken: 0 });
      if (typeof made === 'string') throw new CharterError('effector-refused', made);
      return { method: made.method, url: made.url.href, body: made.body ?? null };
    },
  };
}

/** The way back of an action may have no request of its own: scaling down is scaling. */
const sameOperation = ({ requests }: HttpSpec, { operation }: ActuatorCall) =>
  ActionType.options.flatMap((action) => (operationOf[action] === operation ? (requests[action] ?? []) : []))[0];

/** An object is the target's settings; a single value is the one setting that its actions write. */
function specFrom(value: Json, { requests }: HttpSpec): Spec {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  const settings = new Set(Object.keys(requests).flatMap((action) => settingFor(action) ?? []));
  const [only] = settings;
  return { [settings.size === 1 && only !== undefined ? only : 'value']: value };
}
