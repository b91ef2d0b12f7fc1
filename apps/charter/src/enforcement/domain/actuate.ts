import { z } from 'zod';
import { type ComponentName, type ComponentSpecs, type Operation, specSchemas } from './component-spec.ts';

const Weight = z.number().min(0).max(1_000);

/** Body of each actuator; absolute values only, so that a repeat changes nothing. */
export const actuatorBodies = {
  scale: z.strictObject({ replicas: z.int().min(1).max(100) }),
  restart: z.strictObject({}),
  throttle: z.strictObject({ requestsPerSecond: z.number().positive().max(1e7).nullable() }),
  rebalance: z.strictObject({ weights: z.exactOptional(z.strictObject({ small: Weight, large: Weight })) }),
  config: z.strictObject({ key: z.string().min(1).max(100), value: z.number() }),
  bypass: z.strictObject({ ttlSeconds: z.number().min(0).max(3_600) }),
} satisfies Record<Operation, z.ZodType>;

/** One change of one component. */
export const ComponentOrder = z.discriminatedUnion('operation', [
  actuatorBodies.scale.extend({ operation: z.literal('scale') }),
  actuatorBodies.restart.extend({ operation: z.literal('restart') }),
  actuatorBodies.throttle.extend({ operation: z.literal('throttle') }),
  actuatorBodies.rebalance.extend({ operation: z.literal('rebalance') }),
  actuatorBodies.config.extend({ operation: z.literal('config') }),
  actuatorBodies.bypass.extend({ operation: z.literal('bypass') }),
]);
export type ComponentOrder = z.infer<typeof ComponentOrder>;

type SpecOf = ComponentSpecs[ComponentName];

export type Actuation =
  | { readonly ok: true; readonly spec: SpecOf; readonly isRestart: boolean; readonly undo: Undo | null }
  | { readonly ok: false; readonly detail: string };

/** Body for the same actuator that puts back what was before. */
export type Undo = Readonly<Record<string, z.core.util.JSONType>>;

const supported: Readonly<Record<ComponentName, readonly Operation[]>> = {
  evaluation: ['scale', 'restart', 'throttle', 'rebalance', 'config', 'bypass'],
  committee: ['scale', 'restart', 'config'],
};

const evenWeights = { small: 1, large: 1 };

/** The component as the order wants it, or why that cannot be. `now` is epoch milliseconds. */
export function actuate(name: ComponentName, before: SpecOf, order: ComponentOrder, now: number): Actuation {
  if (!supported[name].includes(order.operation)) {
    return { ok: false, detail: `${name} has no ${order.operation}; it has ${supported[name].join(', ')}` };
  }
  if (order.operation === 'config' && !(order.key in before.config)) {
    return { ok: false, detail: `${name} has no ${order.key}; it has ${Object.keys(before.config).join(', ')}` };
  }
  const parsed = specSchemas[name].safeParse({ ...before, ...changeFrom(order, before, now) });
  if (!parsed.success) return { ok: false, detail: parsed.error.issues[0]?.message ?? 'The value is out of bounds' };
  return { ok: true, spec: parsed.data, isRestart: order.operation === 'restart', undo: undoOf(order, before) };
}

function changeFrom(order: ComponentOrder, before: SpecOf, now: number): object {
  switch (order.operation) {
    case 'scale':
      return { replicas: order.replicas };
    case 'restart':
      return {};
    case 'throttle':
      return { limitRequestsPerSecond: order.requestsPerSecond };
    case 'rebalance':
      return { weights: order.weights ?? evenWeights };
    case 'config':
      return { config: { ...before.config, [order.key]: order.value } };
    case 'bypass':
      return { bypassUntil: order.ttlSeconds === 0 ? null : new Date(now + order.ttlSeconds * 1_000).toISOString() };
  }
}

function undoOf(order: ComponentOrder, before: SpecOf): Undo | null {
  switch (order.operation) {
    case 'scale':
      return { replicas: before.replicas };
    case 'restart':
      return null;
    case 'throttle':
      return 'limitRequestsPerSecond' in before ? { requestsPerSecond: before.limitRequestsPerSecond } : null;
    case 'rebalance':
      return 'weights' in before ? { weights: before.weights } : null;
    case 'config': {
      const value = Object.entries(before.config).find(([key]) => key === order.key)?.[1];
      return value === undefined ? null : { key: order.key, value };
    }
    case 'bypass':
      return { ttlSeconds: 0 };
  }
}
