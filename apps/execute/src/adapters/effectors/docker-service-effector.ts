import { CharterError } from '@charter/shared/contracts';
import { z } from 'zod';
import { type ActuatorCall, isApplied } from '../../domain/actuation.ts';
import type { Spec } from '../../domain/spec.ts';
import type { EffectAnswer, Effector, EffectRequest } from '../../ports.ts';
import type { HttpAnswer } from '../http-call.ts';
import { type DockerEngine, explained, inspect } from './docker-engine.ts';
import { effectAnswerFrom } from './effect-answer.ts';
import { unlessAway } from './unless-away.ts';

const Limits = z.looseObject({ NanoCPUs: z.number().optional(), MemoryBytes: z.number().optional() });
const ServiceSpec = z.looseObject({
  Labels: z.record(z.string(), z.string()).nullish(),
  Mode: z.looseObject({ Replicated: z.looseObject({ Replicas: z.int().optional() }).optional() }),
  TaskTemplate: z.looseObject({
    ForceUpdate: z.int().default(0),
    Resources: z.looseObject({ Limits: Limits.optional() }).nullish(),
  }),
});
const Service = z.looseObject({
  ID: z.string(),
  Version: z.looseObject({ Index: z.int() }),
  Spec: ServiceSpec,
  UpdateStatus: z.looseObject({ State: z.string() }).nullish(),
});
type Service = z.infer<typeof Service>;
type ServiceSpec = Service['Spec'];

const keyLabel = 'charter.idempotency-key';
const tokenLabel = 'charter.fencing-token';
const nano = 1e9;
/** How often a change is tried again because someone else updated the service in between. */
const mostConflicts = 5;

/**
 * A service of a Docker swarm: scaled, restarted one task after the other, limited. Keyed: key and token are labels of
 * the service, written by the same update as the change and only onto the version that was read, as the Engine API
 * itself demands.
 */
export function dockerServiceEffector(engine: DockerEngine, name: string): Effector {
  const path = `/services/${encodeURIComponent(name)}`;

  async function seen(): Promise<Service> {
    const parsed = Service.safeParse(await inspect(engine, path, name));
    if (parsed.success) return parsed.data;
    throw new CharterError('effector-unavailable', `${name} cannot be read: the engine describes no service`);
  }

  async function apply({ call, idempotencyKey, fencingToken, timeoutMs }: EffectRequest): Promise<EffectAnswer> {
    for (let conflicts = 0; conflicts < mostConflicts; conflicts += 1) {
      const before = await unlessAway(seen());
      if (before === null) return { kind: 'not-sent', reason: `${name} cannot be read` };
      const labels = before.Spec.Labels ?? {};
      if (labels[keyLabel] === idempotencyKey) return { kind: 'applied' };
      const newest = Number(labels[tokenLabel] ?? 0);
      if (newest > fencingToken) return { kind: 'stale', reason: `${name} has seen token ${String(newest)}` };
      const changed = changedBy(before.Spec, call);
      if (typeof changed === 'string') return { kind: 'refused', reason: `${name}: ${changed}` };
      const stamped = {
        ...changed,
        Labels: { ...labels, [keyLabel]: idempotencyKey, [tokenLabel]: String(fencingToken) },
      };
      const update = `/services/${before.ID}/update?version=${String(before.Version.Index)}`;
      const answer = await engine.call('POST', update, timeoutMs, stamped);
      if (!isOutOfSequence(answer)) return effectAnswerFrom(explained(answer));
    }
    return { kind: 'not-sent', reason: `someone else kept updating ${name} in between` };
  }

  return {
    kind: 'docker',
    guarantee: 'keyed',
    apply,
    readSpec: async () => specFrom((await seen()).Spec),
    async isReady() {
      const status = (await seen()).UpdateStatus?.State;
      return status === undefined || status === 'completed';
    },
    async isApplied(call, key) {
      const { Spec: now } = await seen();
      return now.Labels?.[keyLabel] === key ? true : isApplied(call, specFrom(now));
    },
    preview: (call) => ({ method: 'POST', url: `${engine.address} ${path}/update`, body: call.body }),
  };
}

/** The whole specification again with one thing changed; text says why the service does not take it. */
function changedBy(spec: ServiceSpec, { action, operation, body }: ActuatorCall): ServiceSpec | string {
  const { Mode: mode, TaskTemplate: task } = spec;
  if (operation === 'scale') {
    const { replicas } = body;
    if (!mode.Replicated) return 'it is not replicated: it cannot be scaled';
    if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0)
      return 'it needs a whole number of replicas';
    return { ...spec, Mode: { ...mode, Replicated: { ...mode.Replicated, Replicas: replicas } } };
  }
  if (operation === 'restart') return { ...spec, TaskTemplate: { ...task, ForceUpdate: task.ForceUpdate + 1 } };
  if (operation !== 'config') return `a service does not take ${action}`;
  const { key, value } = body;
  if (typeof value !== 'number' || value < 0 || (key !== 'cpus' && key !== 'memoryBytes'))
    return 'its settings are cpus and memoryBytes, 0 for no limit';
  const limit = key === 'cpus' ? { NanoCPUs: Math.round(value * nano) } : { MemoryBytes: value };
  const resources = task.Resources ?? {};
  return {
    ...spec,
    TaskTemplate: { ...task, Resources: { ...resources, Limits: { ...resources.Limits, ...limit } } },
  };
}

function specFrom({ Mode: mode, TaskTemplate: task }: ServiceSpec): Spec {
  const limits = task.Resources?.Limits;
  return {
    ...(mode.Replicated === undefined ? {} : { replicas: mode.Replicated.Replicas ?? 1 }),
    config: { cpus: (limits?.NanoCPUs ?? 0) / nano, memoryBytes: limits?.MemoryBytes ?? 0 },
  };
}

/** The service has a newer version: swarm says so with status 500. */
const isOutOfSequence = (answer: HttpAnswer): boolean =>
  answer.kind === 'answered' && answer.status >= 400 && JSON.stringify(answer.body).includes('out of sequence');
