import { identityOf, role } from '@charter/service';
import { CharterError, Instant, Name, PageQuery, Problem, pageOf, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { EventLog } from '../adapters/event-log.ts';
import type { InvestigationLog, InvestigationRow } from '../adapters/investigation-log.ts';
import { initiators } from '../metrics.ts';

const ById = z.strictObject({ id: Ulid });
const NewInvestigation = z
  .strictObject({
    /** What is investigated; its type, severity and subject then need not be said. */
    violationId: Ulid.optional(),
    violation_type: printable(100).min(1).optional(),
    severity: printable(100).min(1).optional(),
    node_or_service: Name.optional(),
    initiated_by: z.enum(initiators).default('committee'),
    summary: printable(4_000).min(1),
    /** Hours of work that are expected. */
    workloadHours: z.number().min(0).max(10_000).default(1),
  })
  .refine((body) => body.violationId !== undefined || body.violation_type !== undefined, {
    message: 'needs violationId or violation_type',
  });
const Close = z.strictObject({
  finding: printable(4_000).min(1),
  result: z.enum(['confirmed', 'dismissed']).default('confirmed'),
});
const Investigation = z.object({
  id: Ulid,
  violationId: Ulid.nullable(),
  violation_type: z.string(),
  severity: z.string(),
  node_or_service: z.string(),
  initiated_by: z.string(),
  openedBy: z.string(),
  summary: z.string(),
  workloadHours: z.number(),
  status: z.string(),
  openedAt: Instant,
  closedAt: Instant.nullable(),
  closedBy: z.string().nullable(),
  finding: z.string().nullable(),
  result: z.string().nullable(),
});
const Workload = z.object({ items: z.array(z.object({ severity: z.string(), open: z.int(), hours: z.number() })) });

export interface InvestigationDeps {
  readonly investigations: InvestigationLog;
  readonly events: EventLog;
}

/** What is being looked into. */
export const investigationRoutes: FastifyPluginAsyncZod<InvestigationDeps> = async (
  app,
  { investigations, events },
) => {
  app.get(
    '/investigations',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ status: z.enum(['open', 'closed']).optional() }),
        response: { 200: pageOf(Investigation) },
      },
    },
    async ({ query }) => {
      const { items, nextCursor } = await investigations.page(query);
      return { items: items.map(shown), nextCursor };
    },
  );

  app.get(
    '/investigations/workload',
    { config: role('viewer'), schema: { response: { 200: Workload } } },
    async () => ({
      items: await investigations.workload(),
    }),
  );

  app.post(
    '/investigations',
    { config: role('operator'), schema: { body: NewInvestigation, response: { 201: Investigation, 404: Problem } } },
    async (request, reply) => {
      const { violationId, initiated_by, summary, workloadHours, ...said } = request.body;
      const event = violationId === undefined ? null : await events.find(violationId);
      if (violationId !== undefined && !event) throw new CharterError('not-found', `No violation ${violationId}`);
      const row = await investigations.open({
        violationId: violationId ?? null,
        violationType: said.violation_type ?? event?.violation_type ?? 'other',
        severity: said.severity ?? event?.severity ?? 'HIGH',
        nodeOrService: said.node_or_service ?? event?.node_or_service ?? 'unknown',
        initiatedBy: initiated_by,
        summary,
        workloadHours,
        by: identityOf(request).name,
      });
      return reply.code(201).send(shown(row));
    },
  );

  app.get(
    '/investigations/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: Investigation, 404: Problem } } },
    async ({ params }) => {
      const row = await investigations.find(params.id);
      if (!row) throw new CharterError('not-found', `No investigation ${params.id}`);
      return shown(row);
    },
  );

  app.post(
    '/investigations/:id/close',
    { config: role('approver'), schema: { params: ById, body: Close, response: { 200: Investigation, 404: Problem } } },
    async (request) =>
      shown(await investigations.close(request.params.id, { ...request.body, by: identityOf(request).name })),
  );
};

const shown = (row: InvestigationRow): z.infer<typeof Investigation> => ({
  id: row.id,
  violationId: row.event_id,
  violation_type: row.violation_type,
  severity: row.severity,
  node_or_service: row.node_or_service,
  initiated_by: row.initiated_by,
  openedBy: row.opened_by,
  summary: row.summary,
  workloadHours: row.workload_hours,
  status: row.status,
  openedAt: row.opened_at.toISOString(),
  closedAt: row.closed_at?.toISOString() ?? null,
  closedBy: row.closed_by,
  finding: row.finding,
  result: row.result,
});
