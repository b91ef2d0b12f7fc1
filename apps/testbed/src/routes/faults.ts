import { role } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { LiveTestbed } from '../live-testbed.ts';
import { ACTIONS, COMPONENTS, FAULT_KINDS, FAULTS, type Fault } from '../model/index.ts';

export interface FaultDeps {
  readonly live: LiveTestbed;
  readonly newId: () => string;
}

const FaultOrder = z.strictObject({
  kind: z.enum(FAULT_KINDS),
  component: z.enum(COMPONENTS),
  intensity: z.number().min(0).max(1),
  durationSeconds: z.number().positive().max(86_400),
});
const OpenFault = FaultOrder.extend({ id: z.string(), startedAt: z.iso.datetime(), endsAt: z.iso.datetime() });
const FaultKinds = z.array(
  z.strictObject({
    kind: z.enum(FAULT_KINDS),
    description: z.string(),
    components: z.array(z.enum(COMPONENTS)),
    remedies: z.partialRecord(z.enum(ACTIONS), z.enum(['clears', 'compensates'])),
  }),
);

export const faultRoutes: FastifyPluginAsyncZod<FaultDeps> = async (app, { live, newId }) => {
  const view = ({ id, kind, component, intensity, startedAt, endsAt }: Fault) => ({
    id,
    kind,
    component,
    intensity,
    durationSeconds: Math.round((endsAt - startedAt) * 1000) / 1000,
    startedAt: live.instantOf(startedAt),
    endsAt: live.instantOf(endsAt),
  });

  app.get(
    '/faults/kinds',
    { config: role('viewer'), schema: { summary: 'Kinds of faults and what helps', response: { 200: FaultKinds } } },
    async () => FAULT_KINDS.map((kind) => ({ ...FAULTS[kind], components: [...FAULTS[kind].components] })),
  );

  app.get(
    '/faults',
    {
      config: role('viewer'),
      schema: {
        summary: 'Open faults, newest first',
        response: { 200: z.strictObject({ items: z.array(OpenFault) }) },
      },
    },
    async () => ({ items: live.current().faults().map(view).toReversed() }),
  );

  app.post(
    '/faults',
    { config: role('operator'), schema: { summary: 'Open a fault', body: FaultOrder, response: { 201: OpenFault } } },
    async ({ body }, reply) => {
      const fault = live.current().injectFault({ ...body, id: newId() });
      if ('refused' in fault) {
        const code = fault.refused === 'already-open' ? 'conflict' : 'request-invalid';
        throw new CharterError(code, fault.detail, { errors: [{ pointer: '/component', detail: fault.detail }] });
      }
      return reply.code(201).send(view(fault));
    },
  );

  app.delete(
    '/faults/:id',
    {
      config: role('operator'),
      schema: { summary: 'End a fault', params: z.strictObject({ id: z.string() }), response: { 204: z.null() } },
    },
    async ({ params }, reply) => {
      if (!live.current().clearFault(params.id)) throw new CharterError('not-found', 'No such open fault');
      return reply.code(204).send(null);
    },
  );
};
