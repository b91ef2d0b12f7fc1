import { CharterError, type EffectorSpec } from '@charter/shared/contracts';
import { Redis } from 'ioredis';
import type { ActuatorCall } from '../../domain/actuation.ts';
import type { Json, Spec } from '../../domain/spec.ts';
import type { EffectAnswer, Effector } from '../../ports.ts';
import { addressOf } from './allowed-hosts.ts';
import { sameSetting } from './redis-setting.ts';

export type RedisConfigSpec = Extract<EffectorSpec, { kind: 'redis-config' }>;

export interface RedisConfigOptions {
  readonly spec: RedisConfigSpec;
  readonly target: string;
  readonly secretOf: (name: string) => string | undefined;
}

const readTimeoutMs = 2_000;
const connectTimeoutMs = 2_000;

/** Redis said no, in words of its own. */
const isReplyError = (error: unknown): error is Error => error instanceof Error && error.name === 'ReplyError';

/**
 * Parameters of a Redis, as `CONFIG SET` takes them and `CONFIG GET` reads them back: set-point, since Redis keeps no
 * keys. Only parameters that the target lists; `rewrite` also writes the configuration file.
 */
export function redisConfigEffector({ spec, target, secretOf }: RedisConfigOptions): Effector {
  const url = new URL(spec.url);
  const port = Number(url.port || 6379);

  /** A connection of its own for each piece of work, to the address that was checked. */
  async function connect(timeoutMs: number): Promise<Redis> {
    const host = await addressOf(spec.allowHosts ?? [url.hostname], url.hostname, String(port));
    const { secretEnvironment: name, username } = spec;
    const password = name === undefined ? undefined : secretOf(name);
    if (name !== undefined && password === undefined) throw new CharterError('config-invalid', `${name} is not set`);
    const redis = new Redis({
      host,
      port,
      lazyConnect: true,
      connectTimeout: connectTimeoutMs,
      commandTimeout: timeoutMs,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      ...(url.protocol === 'rediss:' ? { tls: { servername: url.hostname } } : {}),
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    });
    // Whoever waits for a command is told; without a listener ioredis writes to the console.
    redis.on('error', () => undefined);
    await redis.connect();
    return redis;
  }

  async function read(): Promise<Readonly<Record<string, string>>> {
    try {
      const redis = await connect(readTimeoutMs);
      try {
        const values = await Promise.all(spec.parameters.map((name) => redis.config('GET', name)));
        return Object.fromEntries(values.flatMap(pairsFrom));
      } finally {
        redis.disconnect();
      }
    } catch (error) {
      if (error instanceof CharterError) throw error;
      throw new CharterError('effector-unavailable', `${target} cannot be read: ${reasonOf(error)}`, { cause: error });
    }
  }
  const readSpec = async (): Promise<Spec> => ({ config: { ...(await read()) } });

  /** The file is written once before, so that a Redis that cannot write it is left as it is. */
  async function set(redis: Redis, name: string, value: string): Promise<EffectAnswer> {
    if (spec.rewrite) await redis.config('REWRITE');
    await redis.config('SET', name, value);
    if (!spec.rewrite) return { kind: 'applied' };
    try {
      await redis.config('REWRITE');
      return { kind: 'applied' };
    } catch (error) {
      return { kind: 'unknown', reason: `it is set, but the configuration file was not written: ${reasonOf(error)}` };
    }
  }

  return {
    kind: 'redis-config',
    guarantee: 'set-point',
    readSpec,
    async apply({ call, timeoutMs }) {
      const order = orderFor(call, spec.parameters);
      if (typeof order === 'string') return { kind: 'refused', reason: `${target}: ${order}` };
      let redis: Redis;
      try {
        redis = await connect(timeoutMs);
      } catch (error) {
        if (error instanceof CharterError) throw error;
        return { kind: isReplyError(error) ? 'refused' : 'not-sent', reason: reasonOf(error) };
      }
      try {
        return await set(redis, order.name, order.value);
      } catch (error) {
        return { kind: isReplyError(error) ? 'refused' : 'unknown', reason: reasonOf(error) };
      } finally {
        redis.disconnect();
      }
    },
    isReady: () => Promise.resolve(null),
    async isApplied(call) {
      const order = orderFor(call, spec.parameters);
      if (typeof order === 'string') return null;
      const now = (await read())[order.name];
      return now === undefined ? null : sameSetting(now, order.value);
    },
    preview(call) {
      const order = orderFor(call, spec.parameters);
      if (typeof order === 'string') throw new CharterError('effector-refused', `${target}: ${order}`);
      return { method: 'CONFIG SET', url: `${url.protocol}//${url.host}`, body: { [order.name]: order.value } };
    },
  };
}

function orderFor(
  { action, operation, body }: ActuatorCall,
  parameters: readonly string[],
): { readonly name: string; readonly value: string } | string {
  if (operation !== 'config') return `Redis does not take ${action}`;
  const { key, value } = body;
  if (typeof key !== 'string' || !parameters.includes(key))
    return `its parameters are ${parameters.join(', ')}, not ${JSON.stringify(key ?? null)}`;
  if (value === undefined || value === null || typeof value === 'object') return `${key} needs a value`;
  return { name: key, value: textOf(value) };
}

const textOf = (value: Exclude<Json, object | null>): string =>
  typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value);

const pairsFrom = (answer: unknown): [string, string][] =>
  Array.isArray(answer) && typeof answer[0] === 'string' && typeof answer[1] === 'string'
    ? [[answer[0], answer[1]]]
    : [];

/** What went wrong, without anything that was sent. */
function reasonOf(error: unknown): string {
  if (isReplyError(error)) return `Redis answers ${error.message.slice(0, 300)}`;
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message.slice(0, 300) : 'the connection broke';
}
