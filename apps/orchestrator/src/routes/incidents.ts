import { role } from '@charter/service';
import { CharterError, Instant, PageQuery, Problem, pageOf, TimelineEntry, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CycleLog } from '../adapters/cycle-log.ts';
import type { IncidentLog } from '../adapters/incident-log.ts';
import type { Pauses } from '../adapters/pauses.ts';
import type { SettingsStore } from '../adapters/settings.ts';
import { Incident, IncidentState } from '../domain/incident.ts';
import type { OrchestratorMetrics } from '../metrics.ts';

const Cycle = z.object({ id: Ulid, trigger: z.enum(['schedule', 'webhook', 'manual']), requestedAt: Instant });
const Entry = TimelineEntry.extend({ id: Ulid, seq: z.string(), cycleId: Ulid.nullable() });
const ById = z.strictObject({ id: Ulid });
const State = z.object({
  paused: z.boolean(),
  pauses: z.int(),
  cycleIntervalSeconds: z.number(),
  lastCycle: Cycle.nullable(),
  incidents: z.record(z.string(), z.int()),
  /** When each stage last said something. */
  stages: z.record(z.string(), Instant),
});

export interface IncidentDeps {
  readonly incidents: IncidentLog;
  readonly cycles: CycleLog;
  readonly pauses: Pauses;
  readonly settings: SettingsStore;
  readonly metrics: OrchestratorMetrics;
}

/** What the loop is doing: its state, cycles, incidents and their stories. */
export const incidentRoutes: FastifyPluginAsyncZod<IncidentDeps> = async (app, deps) => {
  const { incidents, cycles, pauses, settings, metrics } = deps;

  app.get('/state', { config: role('viewer'), schema: { response: { 200: State } } }, async () => {
    const [{ pauses: standing }, { cycleIntervalSeconds }, { items }, byState, stages] = await Promise.all([
      pauses.standing(),
      settings.current(),
      cycles.page({ limit: 1 }),
      incidents.countByState(),
      incidents.lastWordByStage(),
    ]);
    return {
      paused: standing.some(({ scope }) => scope.kind === 'global'),
      pauses: standing.length,
      cycleIntervalSeconds,
      lastCycle: items[0] ?? null,
      incidents: byState,
      stages,
    };
  });

  app.get(
    '/cycles',
    { config: role('viewer'), schema: { querystring: PageQuery, response: { 200: pageOf(Cycle) } } },
    ({ query }) => cycles.page(query),
  );

  app.post('/cycles', { config: role('operator'), schema: { response: { 202: Cycle } } }, async (_request, reply) => {
    const cycle = await cycles.openManual();
    metrics.cycleOpened('manual');
    return reply.code(202).send(cycle);
  });

  app.get(
    '/cycles/:id',
    {
      config: role('viewer'),
      schema: { params: ById, response: { 200: Cycle.extend({ timeline: z.array(Entry) }), 404: Problem } },
    },
    async ({ params }) => {
      const cycle = await cycles.find(params.id);
      if (!cycle) throw new CharterError('not-found', `No cycle ${params.id}`);
      return { ...cycle, timeline: await incidents.storyOfCycle(params.id) };
    },
  );

  app.get(
    '/incidents',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ state: IncidentState.optional(), component: z.string().max(200).optional() }),
        response: { 200: pageOf(Incident) },
      },
    },
    ({ query }) => incidents.page(query),
  );

  app.get(
    '/incidents/:id',
    {
      config: role('viewer'),
      schema: { params: ById, response: { 200: Incident.extend({ timeline: z.array(Entry) }), 404: Problem } },
    },
    async ({ params }) => {
      const incident = await incidents.find(params.id);
      if (!incident) throw new CharterError('not-found', `No incident ${params.id}`);
      return { ...incident, timeline: await incidents.story(params.id) };
    },
  );
};
