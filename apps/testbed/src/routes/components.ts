import { role } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EffectLedger } from '../effect-ledger.ts';
import type { LiveTestbed } from '../live-testbed.ts';
import { ACTIONS, ACTUATORS, type Actuator, COMPONENTS, type ComponentName, MAXIMUM_REPLICAS } from '../model/index.ts';
import { Spec, specView } from './spec.ts';

const Weight = z.number().min(0).max(1000);
const Ttl = z.number().min(0).max(3600);

/** Body of each actuator; absolute values only, so that a repeat changes nothing. */
const bodies = {
  scale: z.strictObject({ replicas: z.int().min(1).max(MAXIMUM_REPLICAS) }),
  restart: z.strictObject({}),
  throttle: z.strictObject({ requestsPerSecond: z.number().positive().max(1e6).nullable() }),
  rebalance: z.strictObject({ weights: z.exactOptional(z.strictObject({ a: Weight, b: Weight })) }),
  config: z.strictObject({ key: z.string().min(1).max(100), value: z.union([z.number(), z.string().max(100)]) }),
  policy: z.strictObject({ version: z.string().min(1).max(100) }),
  bypass: z.strictObject({ ttlSeconds: Ttl }),
  override: z.strictObject({ ttlSeconds: Ttl }),
} satisfies Record<Actuator, z.ZodType>;

const Headers = z.looseObject({
  'idempotency-key': z.string().min(1).max(200),
  'fencing-token': z
    .string()
    .regex(/^\d{1,15}$/, 'is not a whole number')
    .transform(Number),
});

const UndoBody = z.record(z.string(), z.json());
const Actuated = z.strictObject({
  component: z.enum(COMPONENTS),
  action: z.enum(ACTIONS),
  effectiveAt: z.iso.datetime(),
  previous: Spec,
  current: Spec,
  /** Body for the same route that restores exactly the former specification; null where there is no inverse. */
  undo: UndoBody.nullable(),
});
export type Actuated = z.infer<typeof Actuated>;

const Effects = z.strictObject({
  items: z.array(
    z.strictObject({
      idempotencyKey: z.string(),
      fencingToken: z.int(),
      action: z.enum(ACTIONS),
      component: z.enum(COMPONENTS),
      parameters: z.record(z.string(), z.json()),
      at: z.iso.datetime(),
    }),
  ),
});

export interface ComponentDeps {
  readonly live: LiveTestbed;
  readonly ledger: EffectLedger<Actuated>;
}

/** The same bodies as orders of the model. */
const Order = z.discriminatedUnion('actuator', [
  bodies.scale.extend({ actuator: z.literal('scale') }),
  bodies.restart.extend({ actuator: z.literal('restart') }),
  bodies.throttle.extend({ actuator: z.literal('throttle') }),
  bodies.rebalance.extend({ actuator: z.literal('rebalance') }),
  bodies.config.extend({ actuator: z.literal('config') }),
  bodies.policy.extend({ actuator: z.literal('policy') }),
  bodies.bypass.extend({ actuator: z.literal('bypass') }),
  bodies.override.extend({ actuator: z.literal('override') }),
]);
type Order = z.infer<typeof Order>;

const summaries: Readonly<Record<Actuator, string>> = {
  scale: 'Declare the number of replicas; new ones boot for 2.5 s',
  restart: 'Restart half of the replicas and all that are down; their work is lost',
  throttle: 'Limit admitted requests per second; the rest is answered 429; null for no limit',
  rebalance: 'Set the traffic weight of a replica per host zone; without weights crowded hosts are drained',
  config: 'Set one configuration value',
  policy: 'Apply a version of the validation policy',
  bypass: 'Skip validation for a time; 0 ends it',
  override: 'Serve degraded answers for a time; 0 ends it',
};

export const componentRoutes: FastifyPluginAsyncZod<ComponentDeps> = async (app, { live, ledger }) => {
  function carryOut(component: ComponentName, order: Order) {
    const testbed = live.current();
    const done = testbed.actuate(component, order);
    if ('refused' in done) {
      throw new CharterError('request-invalid', done.detail, { errors: [{ pointer: '', detail: done.detail }] });
    }
    const { action, effectiveAt } = done;
    const answer: Actuated = {
      component,
      action,
      effectiveAt: live.instantOf(effectiveAt),
      previous: specView(done.previous, live),
      current: specView(done.current, live),
      undo: done.undo && undoBody(done.undo),
    };
    return { answer, action, at: live.instantOf(testbed.now()) };
  }

  for (const actuator of ACTUATORS) {
    app.post(
      `/components/:name/${actuator}`,
      {
        config: role('operator'),
        schema: {
          summary: summaries[actuator],
          params: z.strictObject({ name: z.string() }),
          headers: Headers,
          body: bodies[actuator],
          response: { 200: Actuated },
        },
      },
      async ({ params, headers, body }) => {
        const component = COMPONENTS.find((known) => known === params.name);
        if (!component) throw new CharterError('not-found', 'No such component');
        const order = Order.parse({ actuator, ...body });
        const { 'idempotency-key': idempotencyKey, 'fencing-token': fencingToken } = headers;
        const request = { idempotencyKey, fencingToken, component, actuator, parameters: body };
        return ledger.once(request, () => carryOut(component, order));
      },
    );
  }

  app.get(
    '/effects',
    {
      config: role('viewer'),
      schema: { summary: 'Every actuation that took effect, newest first', response: { 200: Effects } },
    },
    async () => ({ items: ledger.effects() }),
  );
};

function undoBody(undo: Order): z.infer<typeof UndoBody> {
  const { actuator: _route, ...body } = undo;
  return body;
}
