import { MatchDocument } from '@charter/policy';
import { identityOf, role } from '@charter/service';
import { CharterError, Instant, PageQuery, Problem, pageOf, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Governance } from '../../adapters/governance.ts';
import type { CommitteeLog } from '../adapters/committee-log.ts';
import type { OverrideLog, OverrideRow } from '../adapters/override-log.ts';
import { overrideTerms } from '../domain/override-terms.ts';

const ById = z.strictObject({ id: Ulid });
/** The body may be left out. */
const Reason = z.strictObject({ reason: printable(2_000).min(1).optional() }).nullish();
const NewOverride = z.strictObject({
  reason: printable(2_000).min(1),
  effect: z.enum(['allow', 'deny']).default('allow'),
  /** What it is about, in the words of a rule's `match`. */
  match: MatchDocument.refine((match) => !JSON.stringify(match).includes('\\u0000'), 'has a NUL character'),
  ttlSeconds: z.int().min(1).max(2_592_000),
  /** Votes it needs, if more than the active policies demand. */
  quorum: z.int().min(1).max(1_000).optional(),
});
const ShownOverride = z.object({
  id: Ulid,
  status: z.enum(['pending', 'active', 'ended', 'expired', 'rejected']),
  effect: z.enum(['allow', 'deny']),
  match: z.record(z.string(), z.array(z.string())),
  reason: z.string(),
  requestedBy: z.string(),
  requestedAt: Instant,
  quorum: z.int(),
  ttlSeconds: z.int(),
  renewals: z.int(),
  startsAt: Instant.nullable(),
  expiresAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  endedBy: z.string().nullable(),
  endReason: z.string().nullable(),
});

export interface OverrideDeps {
  readonly overrides: OverrideLog;
  readonly committee: CommitteeLog;
  readonly governance: Governance;
}

/** Emergency overrides: time-boxed, with a reason and a quorum, above every rule. */
export const overrideRoutes: FastifyPluginAsyncZod<OverrideDeps> = async (
  app,
  { overrides, committee, governance },
) => {
  app.get(
    '/overrides',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ status: ShownOverride.shape.status.optional() }),
        response: { 200: pageOf(ShownOverride) },
      },
    },
    async ({ query }) => {
      const { items, nextCursor } = await overrides.page(query);
      return { items: items.map(shown), nextCursor };
    },
  );

  app.post(
    '/overrides',
    { config: role('approver'), schema: { body: NewOverride, response: { 201: ShownOverride } } },
    async (request, reply) => {
      const terms = overrideTerms(governance.current().snapshot.policies, await committee.countMembers());
      const row = await overrides.request({ ...request.body, by: identityOf(request).name }, terms);
      await governance.refresh();
      return reply.code(201).send(shown(row));
    },
  );

  app.get(
    '/overrides/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: ShownOverride, 404: Problem } } },
    async ({ params }) => {
      const row = await overrides.find(params.id);
      if (!row) throw new CharterError('not-found', `No override ${params.id}`);
      return shown(row);
    },
  );

  app.post(
    '/overrides/:id/renew',
    {
      config: role('approver'),
      schema: { params: ById, body: Reason, response: { 200: ShownOverride, 404: Problem } },
    },
    async (request) => {
      const reason = request.body?.reason ?? 'still needed';
      const row = await overrides.renew(request.params.id, { reason, by: identityOf(request).name });
      await governance.refresh();
      return shown(row);
    },
  );

  app.delete(
    '/overrides/:id',
    {
      config: role('operator'),
      schema: { params: ById, body: Reason, response: { 200: ShownOverride, 404: Problem } },
    },
    async (request) => {
      const reason = request.body?.reason ?? 'no longer needed';
      const row = await overrides.end(request.params.id, { reason, by: identityOf(request).name });
      await governance.refresh();
      return shown(row);
    },
  );
};

/** One whose time is over counts as expired, also before anybody came by to end it. */
const statusOf = (row: OverrideRow, now: number): z.infer<typeof ShownOverride>['status'] => {
  const status = ShownOverride.shape.status.parse(row.status);
  const isStanding = status === 'active' || status === 'pending';
  return isStanding && (row.expires_at ?? row.due_at).getTime() <= now ? 'expired' : status;
};

const shown = (row: OverrideRow): z.infer<typeof ShownOverride> => ({
  id: row.id,
  status: statusOf(row, Date.now()),
  effect: row.effect === 'deny' ? 'deny' : 'allow',
  match: z.record(z.string(), z.array(z.string())).parse(JSON.parse(row.match)),
  reason: row.reason,
  requestedBy: row.requested_by,
  requestedAt: row.requested_at.toISOString(),
  quorum: row.quorum,
  ttlSeconds: row.ttl_seconds,
  renewals: row.renewals,
  startsAt: row.starts_at?.toISOString() ?? null,
  expiresAt: row.expires_at?.toISOString() ?? null,
  endedAt: row.ended_at?.toISOString() ?? null,
  endedBy: row.ended_by,
  endReason: row.end_reason,
});
