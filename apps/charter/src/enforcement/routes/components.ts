import { identityOf, role } from '@charter/service';
import { CharterError, Problem } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ComponentLog } from '../adapters/component-log.ts';
import { actuatorBodies, ComponentOrder } from '../domain/actuate.ts';
import {
  CommitteeSpec,
  type ComponentName,
  componentNames,
  EvaluationSpec,
  type Operation,
  operations,
} from '../domain/component-spec.ts';
import type { Committee } from '../workers/committee-nodes.ts';
import type { EvaluationPool } from '../workers/evaluation-pool.ts';

const Spec = z.union([EvaluationSpec, CommitteeSpec]);
const Headers = z.looseObject({
  'idempotency-key': z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\0]*$/),
  'fencing-token': z
    .string()
    .regex(/^\d{1,15}$/, 'is not a whole number')
    .transform(Number),
});
const Actuated = z.object({
  component: z.enum(componentNames),
  operation: z.enum(operations),
  effectiveAt: z.iso.datetime(),
  previous: Spec,
  current: Spec,
  /** Body for the same route that restores exactly the former settings; null where there is no inverse. */
  undo: z.record(z.string(), z.json()).nullable(),
});
const Component = z.object({
  name: z.enum(componentNames),
  spec: Spec,
  restarts: z.int(),
  ready: z.int(),
  booting: z.int(),
  state: z.record(z.string(), z.int()),
});

const summaries: Readonly<Record<Operation, string>> = {
  scale: 'Batches evaluated side by side, or nodes of the committee',
  restart: 'Start its workers anew; evaluation also reads and compiles the policies again',
  throttle: 'Limit samples let in a second; null for no limit',
  rebalance: 'Share turns between small and large batches; without weights evenly',
  config: 'Set one configuration value',
  bypass: 'Let samples in that no rule names, for a time; 0 ends it. Forbidden ones stay blocked',
};

export interface ComponentDeps {
  readonly components: ComponentLog;
  readonly pool: Pick<EvaluationPool, 'state'>;
  readonly nodes: Pick<Committee, 'state'>;
}

/** The Charter's own actuators. */
export const componentRoutes: FastifyPluginAsyncZod<ComponentDeps> = async (app, { components, pool, nodes }) => {
  function shown(name: ComponentName): z.infer<typeof Component> {
    const known = { name, spec: components.spec(name), restarts: components.restarts(name) };
    if (name === 'committee') {
      const { healthy, starting, replicas } = nodes.state();
      return { ...known, ready: healthy, booting: starting, state: { nodes: replicas } };
    }
    return { ...known, ready: components.spec('evaluation').replicas, booting: 0, state: pool.state() };
  }
  function named(name: string): ComponentName {
    const known = componentNames.find((candidate) => candidate === name);
    if (!known) throw new CharterError('not-found', 'No such component');
    return known;
  }
  const ByName = z.strictObject({ name: z.string() });

  app.get(
    '/components',
    {
      config: role('viewer'),
      schema: { response: { 200: z.object({ items: z.array(Component), nextCursor: z.null() }) } },
    },
    async () => ({ items: componentNames.map(shown), nextCursor: null }),
  );

  app.get(
    '/components/:name',
    { config: role('viewer'), schema: { params: ByName, response: { 200: Component, 404: Problem } } },
    async ({ params }) => shown(named(params.name)),
  );

  for (const operation of operations) {
    app.post(
      `/components/:name/${operation}`,
      {
        config: role('operator'),
        schema: {
          summary: summaries[operation],
          params: ByName,
          headers: Headers,
          body: actuatorBodies[operation],
          response: { 200: Actuated, 404: Problem },
        },
      },
      async (request) => {
        const name = named(request.params.name);
        const order = ComponentOrder.parse({ operation, ...request.body });
        const { 'idempotency-key': idempotencyKey, 'fencing-token': fencingToken } = request.headers;
        const keyed = { idempotencyKey, fencingToken };
        return components.apply(name, order, { by: identityOf(request).name, keyed });
      },
    );
  }
};
