import { identityOf, role } from '@charter/service';
import { Instant, MetricName, Name, PageQuery, Problem, pageOf, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { RevocationLog, RevocationRow } from '../adapters/revocation-log.ts';

const ById = z.strictObject({ id: Ulid });
const Scope = z
  .strictObject({ metric: MetricName.optional(), source: Name.optional() })
  .refine(({ metric, source }) => metric !== undefined || source !== undefined, 'needs metric, source or both');
const NewRevocation = z.strictObject({ reason: printable(2_000).min(1), scope: Scope });
const Proof = z.object({
  removals: z.array(
    z.object({ holder: z.string(), removed: z.int(), remaining: z.int().nullable(), detail: z.string() }),
  ),
  digest: z.string(),
});
const Revocation = z.object({
  id: Ulid,
  status: z.enum(['pending', 'incomplete', 'completed']),
  reason: z.string(),
  scope: z.object({ metric: z.string().optional(), source: z.string().optional() }),
  requestedBy: z.string(),
  requestedAt: Instant,
  completedAt: Instant.nullable(),
  proof: Proof.nullable(),
});

export interface RevocationDeps {
  readonly revocations: RevocationLog;
}

/** Revocation of data that was collected, with proof of what became of it. */
export const revocationRoutes: FastifyPluginAsyncZod<RevocationDeps> = async (app, { revocations }) => {
  app.get(
    '/revocations',
    { config: role('viewer'), schema: { querystring: PageQuery, response: { 200: pageOf(Revocation) } } },
    async ({ query }) => {
      const { items, nextCursor } = await revocations.page(query);
      return { items: items.map(shown), nextCursor };
    },
  );

  app.post(
    '/revocations',
    { config: role('approver'), schema: { body: NewRevocation, response: { 201: Revocation } } },
    async (request, reply) => {
      const row = await revocations.request({ ...request.body, by: identityOf(request).name });
      return reply.code(201).send(shown(row));
    },
  );

  app.get(
    '/revocations/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: Revocation, 404: Problem } } },
    async ({ params }) => shown(await revocations.find(params.id)),
  );
};

const shown = (row: RevocationRow): z.infer<typeof Revocation> => ({
  id: row.id,
  status: Revocation.shape.status.parse(row.status),
  reason: row.reason,
  scope: Revocation.shape.scope.parse(JSON.parse(row.scope)),
  requestedBy: row.requested_by,
  requestedAt: row.requested_at.toISOString(),
  completedAt: row.completed_at?.toISOString() ?? null,
  proof: row.proof === null ? null : Proof.parse(JSON.parse(row.proof)),
});
