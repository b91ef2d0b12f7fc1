import { CharterError } from '@charter/shared/contracts';
import type { Redis } from 'ioredis';

/**
 * Refuses a Redis that forgets on its own: without an append-only file, or one that evicts keys when full.
 * A Redis that does not let us look is taken as it is.
 * @throws CharterError `upstream-unavailable` naming the setting
 */
export async function expectDurable(redis: Redis, allowVolatile: boolean): Promise<void> {
  const info = await redis.info().catch((cause: unknown) => {
    throw new CharterError('upstream-unavailable', 'Redis did not answer', { cause });
  });
  if (allowVolatile) return;
  const aof = /aof_enabled:(\d)/.exec(info)?.[1];
  if (aof === '0') throw new CharterError('upstream-unavailable', 'Redis runs with `appendonly no`');
  const policy = /maxmemory_policy:(\S+)/.exec(info)?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    throw new CharterError('upstream-unavailable', `Redis evicts keys (maxmemory-policy ${policy})`);
  }
}
