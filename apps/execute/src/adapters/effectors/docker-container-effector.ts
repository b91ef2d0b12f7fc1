import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import { type ActuatorCall, isApplied } from '../../domain/actuation.ts';
import type { Json, Spec } from '../../domain/spec.ts';
import type { Effector } from '../../ports.ts';
import { type DockerEngine, explained, inspect } from './docker-engine.ts';
import { effectAnswerFrom } from './effect-answer.ts';
import { unlessAway } from './unless-away.ts';

const Container = z.looseObject({
  State: z.looseObject({
    Running: z.boolean(),
    Paused: z.boolean(),
    Restarting: z.boolean(),
    StartedAt: z.string(),
    Health: z.looseObject({ Status: z.string() }).optional(),
  }),
  HostConfig: z.looseObject({
    NanoCpus: z.number().default(0),
    Memory: z.number().default(0),
    MemorySwap: z.number().default(0),
    PidsLimit: z.number().nullish(),
  }),
});
type Container = z.infer<typeof Container>;

const nano = 1e9;
const unlimitedPids = -1;

/** Bodies of `POST /containers/{name}/update` by setting; text says what is wrong with the value. */
const updates: Readonly<Record<string, (value: Json) => Record<string, number> | string>> = {
  cpus: (value) =>
    typeof value === 'number' && value > 0 ? { NanoCpus: Math.round(value * nano) } : 'cpus is a number above 0',
  memory: (value) => {
    const parsed = z.strictObject({ bytes: z.int().positive(), withSwapBytes: z.int() }).safeParse(value);
    if (!parsed.success) return 'memory is {bytes, withSwapBytes}, withSwapBytes -1 for no limit of swap';
    return { Memory: parsed.data.bytes, MemorySwap: parsed.data.withSwapBytes };
  },
  pids: (value) => (typeof value === 'number' && Number.isInteger(value) ? { PidsLimit: value } : 'pids is a number'),
};

/**
 * A container of a Docker engine: paused, limited, restarted. The Engine API knows no keys: settings are set-point,
 * a restart is at most once, and the container's start time tells whether it took place. A limit of CPU or memory that a
 * container does not have cannot be set and taken away again, as the engine takes 0 for "unchanged": such a setting is
 * not read, so that nothing promises its way back.
 */
export function dockerContainerEffector(engine: DockerEngine, name: string): Effector {
  const path = `/containers/${encodeURIComponent(name)}`;

  async function seen(): Promise<Container> {
    const parsed = Container.safeParse(await inspect(engine, `${path}/json`, name));
    if (parsed.success) return parsed.data;
    throw new CharterError('effector-unavailable', `${name} cannot be read: the engine describes no container`);
  }
  const readSpec = async (): Promise<Spec> => specFrom(await seen());

  return {
    kind: 'docker',
    guarantee: 'set-point',
    readSpec,
    readMark: async () => (await seen()).State.StartedAt,
    async apply({ call, timeoutMs }) {
      const order = orderFor(call);
      if (typeof order === 'string') return { kind: 'refused', reason: `${name}: ${order}` };
      if (call.operation === 'config') {
        const now = await unlessAway(readSpec());
        if (now === null) return { kind: 'not-sent', reason: `${name} cannot be read` };
        if (isApplied(call, now) === true) return { kind: 'applied' };
      }
      return effectAnswerFrom(explained(await engine.call('POST', `${path}${order.path}`, timeoutMs, order.body)));
    },
    async isReady() {
      const { State: state } = await seen();
      return state.Running && !state.Restarting && (state.Health === undefined || state.Health.Status === 'healthy');
    },
    isApplied: async (call) => isApplied(call, await readSpec()),
    preview(call) {
      const order = orderFor(call);
      if (typeof order === 'string') throw new CharterError('effector-refused', `${name}: ${order}`);
      return { method: 'POST', url: `${engine.address} ${path}${order.path}`, body: order.body ?? null };
    },
  };
}

function orderFor({ action, operation, body }: ActuatorCall): { path: string; body?: unknown } | string {
  if (operation === 'restart') return { path: '/restart' };
  if (operation !== 'config') return `a container does not take ${action}`;
  const { key, value } = body;
  if (key === 'paused') {
    if (typeof value !== 'boolean') return 'paused is true or false';
    return { path: value ? '/pause' : '/unpause' };
  }
  const update = typeof key === 'string' ? updates[key] : undefined;
  if (update === undefined || value === undefined) return `its settings are paused, ${Object.keys(updates).join(', ')}`;
  const limits = update(value);
  return typeof limits === 'string' ? limits : { path: '/update', body: limits };
}

function specFrom({ State: state, HostConfig: host }: Container): Spec {
  return {
    config: {
      paused: state.Paused,
      pids: host.PidsLimit || unlimitedPids,
      ...(host.NanoCpus > 0 ? { cpus: host.NanoCpus / nano } : {}),
      ...(host.Memory > 0 ? { memory: { bytes: host.Memory, withSwapBytes: host.MemorySwap } } : {}),
    },
  };
}
