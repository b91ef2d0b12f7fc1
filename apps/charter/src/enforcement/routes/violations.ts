import { identityOf, role } from '@charter/service';
import { CharterError, Instant, Name, Problem, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AttemptLadder } from '../adapters/attempt-ladder.ts';
import type { EventLog } from '../adapters/event-log.ts';
import type { EventRow } from '../adapters/event-rows.ts';
import { waitAtMost } from '../adapters/wait-at-most.ts';
import { sanctions } from '../domain/violation-scale.ts';

const ById = z.strictObject({ id: Ulid });
const ViolationType = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, 'is no name like silent_collection');
const NewViolation = z.strictObject({
  severity: z.enum(sanctions),
  violation_type: ViolationType,
  node_or_service: Name,
  description: printable(2_000).min(1),
  evidence: printable(20_000).optional(),
});
const ShownViolation = z.object({
  id: Ulid,
  kind: z.string(),
  severity: z.string(),
  violation_type: z.string(),
  node_or_service: z.string(),
  metric_name: z.string().nullable(),
  policy: z.string().nullable(),
  attempt_count: z.int().nullable(),
  action: z.string().nullable(),
  description: z.string(),
  evidence: z.string().nullable(),
  reportedBy: z.string(),
  startedAt: Instant,
  lastAt: Instant,
  firing: z.boolean(),
});
const Query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** Id of the last one seen. */
  before: Ulid.optional(),
  severity: printable(100).optional(),
});

export interface ViolationDeps {
  readonly events: EventLog;
  readonly ladder: Pick<AttemptLadder, 'settled'>;
  /** Somebody has to hear of it now. */
  readonly onEscalated: () => void;
}

/** Whoever sent attempts finds them here; a ladder that cannot be reached holds up nobody longer than this. */
const readAfterMs = 2_000;

/** Violations from HIGH up: forbidden collection that repeats, and what is reported about people and services. */
export const violationRoutes: FastifyPluginAsyncZod<ViolationDeps> = async (app, { events, ladder, onEscalated }) => {
  app.get(
    '/violations',
    { config: role('viewer'), schema: { querystring: Query, response: { 200: z.array(ShownViolation) } } },
    async ({ query }) => {
      await waitAtMost(readAfterMs, ladder.settled());
      return (await events.list(query)).map(shown);
    },
  );

  app.get(
    '/violations/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: ShownViolation, 404: Problem } } },
    async ({ params }) => {
      const row = await events.find(params.id);
      if (!row) throw new CharterError('not-found', `No violation ${params.id}`);
      return shown(row);
    },
  );

  app.post(
    '/violations',
    { config: role('operator'), schema: { body: NewViolation, response: { 201: ShownViolation } } },
    async (request, reply) => {
      const { severity, violation_type, node_or_service, description, evidence = null } = request.body;
      const row = await events.report({
        severity,
        violationType: violation_type,
        nodeOrService: node_or_service,
        description,
        evidence,
        by: identityOf(request).name,
      });
      onEscalated();
      return reply.code(201).send(shown(row));
    },
  );
};

const shown = (row: EventRow): z.infer<typeof ShownViolation> => ({
  id: row.id,
  kind: row.kind,
  severity: row.severity,
  violation_type: row.violation_type,
  node_or_service: row.node_or_service,
  metric_name: row.metric_name,
  policy: row.policy,
  attempt_count: row.attempt_count,
  action: row.action,
  description: row.description,
  evidence: row.evidence,
  reportedBy: row.reported_by,
  startedAt: row.started_at.toISOString(),
  lastAt: row.last_at.toISOString(),
  firing: row.is_firing,
});
