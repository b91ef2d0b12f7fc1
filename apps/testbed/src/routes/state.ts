import { role } from '@charter/service';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LiveTestbed } from '../live-testbed.ts';
import { COMPONENTS, type ComponentView, capacityOf, EDGES, perComponent, TOPOLOGY } from '../model/index.ts';
import { Spec, specView } from './spec.ts';

const Component = z.strictObject({
  /** Meets its objective now. */
  healthy: z.boolean(),
  /** Parts of the objective it misses. */
  missed: z.array(z.string()),
  replicas: z.int(),
  ready: z.int(),
  booting: z.int(),
  queueDepth: z.int(),
  capacityRequestsPerSecond: z.number(),
  memoryLimitBytes: z.int(),
  configRevision: z.int(),
  policyVersions: z.array(z.string()),
  spec: Spec,
  /** Null where nothing was observed in the window. */
  signals: z.record(z.string(), z.number().nullable()),
  objective: z.record(z.string(), z.number()),
});

const State = z.strictObject({
  now: z.iso.datetime(),
  components: z.record(z.enum(COMPONENTS), Component),
  edges: z.array(z.strictObject({ source: z.string(), destination: z.string() })),
});

export const stateRoutes: FastifyPluginAsyncZod<{ live: LiveTestbed }> = async (app, { live }) => {
  const view = (component: (typeof COMPONENTS)[number], seen: ComponentView): z.infer<typeof Component> => ({
    ...seen,
    missed: [...seen.missed],
    policyVersions: [...seen.policyVersions],
    capacityRequestsPerSecond: capacityOf(component, seen.ready),
    memoryLimitBytes: TOPOLOGY[component].memoryLimitBytes,
    spec: specView(seen.spec, live),
    signals: Object.fromEntries(
      Object.entries(seen.signals).map(([name, value]) => [name, Number.isFinite(value) ? value : null]),
    ),
    objective: { ...seen.objective },
  });

  app.get(
    '/state',
    { config: role('viewer'), schema: { summary: 'The whole system now', response: { 200: State } } },
    async () => {
      const testbed = live.current();
      const seen = testbed.state();
      return {
        now: live.instantOf(testbed.now()),
        components: perComponent((name) => view(name, seen[name])),
        edges: [...EDGES],
      };
    },
  );
};
