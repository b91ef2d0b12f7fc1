import { role } from '@charter/service';
import { Duration, Name, PageQuery, pageOf, Ulid, Violation } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ViolationLog } from '../adapters/violation-log.ts';
import { statisticsOf } from '../domain/statistics.ts';

const MonitoredViolation = Violation.extend({
  /** It changed between firing and resolved too often; a recovery must last before it counts. */
  flapping: z.boolean(),
});

const Filter = PageQuery.extend({
  state: z.enum(['firing', 'resolved']).optional(),
  incidentId: Ulid.optional(),
  component: Name.optional(),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'is no fingerprint')
    .optional(),
});

const sums = {
  detected: z.int(),
  firing: z.int(),
  resolved: z.int(),
  meanDurationSeconds: z.number().nullable(),
};
const Statistic = z.object({ name: z.string(), ...sums });
const Statistics = z.object({
  windowSeconds: z.number(),
  total: z.object(sums),
  bySeverity: z.array(Statistic),
  byComponent: z.array(Statistic),
  byMetric: z.array(Statistic),
});

/** Longest window that statistics look back over. */
const maxWindowSeconds = 90 * 86_400;
const Window = z.strictObject({
  window: z
    .string()
    .default('15m')
    .pipe(Duration)
    .refine((seconds) => seconds > 0 && seconds <= maxWindowSeconds, 'is not between 1s and 90d'),
});

export const violationRoutes: FastifyPluginAsyncZod<{ violations: ViolationLog }> = async (app, { violations }) => {
  app.get(
    '/violations',
    {
      config: role('viewer'),
      schema: {
        summary: 'Violations, newest first',
        tags: ['violations'],
        querystring: Filter,
        response: { 200: pageOf(MonitoredViolation) },
      },
    },
    async ({ query: { limit, cursor, ...filter } }) =>
      violations.list(filter, cursor === undefined ? { limit } : { limit, cursor }),
  );
  app.get(
    '/violations/stats',
    {
      config: role('viewer'),
      schema: {
        summary: 'Violations of a window by severity, component and metric',
        tags: ['violations'],
        querystring: Window,
        response: { 200: Statistics },
      },
    },
    async ({ query: { window } }) => ({
      windowSeconds: window,
      ...statisticsOf(await violations.tally(window)),
    }),
  );
  app.get(
    '/violations/:id',
    {
      config: role('viewer'),
      schema: {
        summary: 'One violation',
        tags: ['violations'],
        params: z.object({ id: Ulid }),
        response: { 200: MonitoredViolation },
      },
    },
    async ({ params }) => violations.find(params.id),
  );
};
