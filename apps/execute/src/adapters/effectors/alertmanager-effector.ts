import { CharterError, type EffectorSpec } from '@charter/shared/contracts';
import { z } from 'zod';
import type { ActuatorCall } from '../../domain/actuation.ts';
import { type Spec, sameJson } from '../../domain/spec.ts';
import type { EffectAnswer, Effector, EffectRequest } from '../../ports.ts';
import { callHttp, type HttpAnswer } from '../http-call.ts';
import { connectionsTo } from './allowed-hosts.ts';
import { effectAnswerFrom } from './effect-answer.ts';

export type AlertmanagerSpec = Extract<EffectorSpec, { kind: 'alertmanager' }>;

export interface AlertmanagerOptions {
  readonly spec: AlertmanagerSpec;
  readonly target: string;
  readonly secretOf: (name: string) => string | undefined;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

const Matcher = z.object({
  name: z.string(),
  value: z.string(),
  isRegex: z.boolean(),
  isEqual: z.boolean().default(true),
});
const Silence = z.looseObject({
  id: z.string(),
  matchers: z.array(Matcher),
  startsAt: z.string(),
  endsAt: z.string(),
  createdBy: z.string(),
  comment: z.string(),
  status: z.looseObject({ state: z.enum(['active', 'pending', 'expired']) }),
});
type Silence = z.infer<typeof Silence>;

const author = 'charter';
const readTimeoutMs = 2_000;

/**
 * Silences in an Alertmanager: an override of its alerts that ends by itself. Charter's own silences are told by their
 * author and matchers; the comment names incident, plan and key, so that a repeat finds the silence it made. Set-point:
 * Alertmanager keeps no tokens. A silence that stands is extended; ending it ends it as a whole.
 */
export function alertmanagerEffector({ spec, target, secretOf, now }: AlertmanagerOptions): Effector {
  const dispatcher = connectionsTo(spec.allowHosts ?? [new URL(spec.url).hostname]);
  const base = spec.url.endsWith('/') ? spec.url : `${spec.url}/`;

  function call(method: 'GET' | 'POST' | 'DELETE', path: string, timeoutMs: number, body?: unknown) {
    const { secretEnvironment: name } = spec;
    const secret = name === undefined ? undefined : secretOf(name);
    if (name !== undefined && secret === undefined) throw new CharterError('config-invalid', `${name} is not set`);
    return callHttp({
      method,
      url: new URL(path, base).href,
      headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
      body: body === undefined ? undefined : JSON.stringify(body),
      timeoutMs,
      dispatcher,
    });
  }

  /** Charter's silence of these alerts that stands now. */
  async function standing(): Promise<Silence | null> {
    const answer = await call('GET', 'api/v2/silences', readTimeoutMs);
    const away = (reason: string): CharterError =>
      new CharterError('effector-unavailable', `${target} cannot be read: ${reason}`);
    if (answer.kind !== 'answered') throw away(answer.reason);
    if (answer.status !== 200) throw away(`status ${String(answer.status)}`);
    const silences = z.array(Silence).safeParse(answer.body);
    if (!silences.success) throw away('it lists no silences');
    const own = silences.data.filter(
      ({ createdBy, status, matchers }) =>
        createdBy === author && status.state === 'active' && sameJson(sorted(matchers), sorted(spec.matchers)),
    );
    return own.toSorted((a, b) => Date.parse(b.endsAt) - Date.parse(a.endsAt))[0] ?? null;
  }

  async function apply({ call: order, idempotencyKey, purpose, timeoutMs }: EffectRequest): Promise<EffectAnswer> {
    const seconds = secondsOf(order, spec.longestSeconds);
    if (typeof seconds === 'string') return { kind: 'refused', reason: `${target}: ${seconds}` };
    let before: Silence | null;
    try {
      before = await standing();
    } catch (error) {
      if (error instanceof CharterError && error.retryable) return { kind: 'not-sent', reason: error.message };
      throw error;
    }
    if (seconds === 0) {
      if (before === null) return { kind: 'applied' };
      return answered(await call('DELETE', `api/v2/silence/${encodeURIComponent(before.id)}`, timeoutMs));
    }
    if (before?.comment.includes(idempotencyKey)) return { kind: 'applied' };
    const silence = {
      ...(before === null ? {} : { id: before.id }),
      matchers: spec.matchers,
      startsAt: before?.startsAt ?? instant(now()),
      endsAt: instant(now() + seconds),
      createdBy: author,
      comment: `${purpose.text} · incident ${purpose.incidentId} · ${idempotencyKey}`,
    };
    return answered(await call('POST', 'api/v2/silences', timeoutMs, silence));
  }

  return {
    kind: 'alertmanager',
    guarantee: 'set-point',
    apply,
    async readSpec(): Promise<Spec> {
      const silence = await standing();
      return { overrideUntil: silence?.endsAt ?? null, silenceId: silence?.id ?? null };
    },
    isReady: () => Promise.resolve(null),
    async isApplied({ body }, key) {
      const silence = await standing();
      return body.ttlSeconds === 0 ? silence === null : (silence?.comment.includes(key) ?? false);
    },
    preview: (order) => ({
      method: 'POST',
      url: new URL('api/v2/silences', base).href,
      body: { matchers: spec.matchers, seconds: secondsOf(order, spec.longestSeconds) },
    }),
  };
}

const instant = (seconds: number): string => new Date(seconds * 1_000).toISOString();

const sorted = (matchers: AlertmanagerSpec['matchers']) =>
  matchers
    .map(({ name, value, isRegex, isEqual }) => ({ name, value, isRegex, isEqual }))
    .toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));

/** Seconds that a silence is to last, 0 to end it; text says what is wrong. */
function secondsOf({ action, operation, body }: ActuatorCall, longest: number): number | string {
  if (operation !== 'override') return `an Alertmanager does not take ${action}`;
  const { ttlSeconds } = body;
  if (typeof ttlSeconds !== 'number' || ttlSeconds < 0 || ttlSeconds > longest)
    return `ttlSeconds is within 0 and ${String(longest)}`;
  return ttlSeconds;
}

/** Alertmanager explains itself in a bare JSON text. */
const answered = (answer: HttpAnswer): EffectAnswer =>
  effectAnswerFrom(
    answer.kind === 'answered' && answer.status >= 300 ? { ...answer, body: { detail: String(answer.body) } } : answer,
  );
