import { identityOf, role } from '@charter/service';
import { Instant, Name, PageQuery, Problem, pageOf, printable, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { CommitteeLog } from '../adapters/committee-log.ts';
import type { ComponentLog } from '../adapters/component-log.ts';
import { committeeStatus, majorityOf } from '../domain/committee-status.ts';
import type { Committee } from '../workers/committee-nodes.ts';
import type { TakeVote } from '../workers/take-vote.ts';

const State = z.object({
  status: z.enum(['normal', 'degraded', 'critical', 'recovering']),
  replicas: z.int(),
  healthy_nodes: z.int(),
  members: z.int(),
  quorum: z.int(),
  timestamp: Instant,
});
const Scale = z.strictObject({ replicas: z.int().min(1).max(100) });
const Restart = z
  .strictObject({
    /** Wait for deliveries that are under way. */
    graceful: z.boolean().optional(),
    /** Seconds to wait at most. */
    timeout: z.number().min(0).max(600).optional(),
  })
  .nullish();
const NewMember = z.strictObject({ name: Name, contact: printable(500).optional() });
const Member = z.object({ name: z.string(), contact: z.string().nullable(), addedBy: z.string(), addedAt: Instant });
const NewVote = z.strictObject({
  /** What is voted on: an override, an investigation or a violation. */
  subject: Ulid,
  vote: z.enum(['approve', 'reject']),
  reason: printable(2_000).optional(),
});
const Tally = z.object({
  subject: Ulid,
  approve: z.int(),
  reject: z.int(),
  quorum: z.int(),
  status: z.enum(['pending', 'approved', 'rejected']),
});
const ShownVote = z.object({
  subject: z.string(),
  member: z.string(),
  vote: z.string(),
  reason: z.string().nullable(),
  at: Instant,
});
const Notice = z.object({
  id: Ulid,
  violationId: Ulid,
  severity: z.string(),
  text: z.string(),
  createdAt: Instant,
  deliveredAt: Instant.nullable(),
  recipients: z.int().nullable(),
  tries: z.int(),
});

export interface CommitteeDeps {
  readonly committee: CommitteeLog;
  readonly nodes: Pick<Committee, 'state'>;
  readonly components: ComponentLog;
  readonly restartCommittee: (how: { graceful: boolean; timeoutSeconds: number }, by: string) => Promise<void>;
  readonly takeVote: TakeVote;
}

/** The committee: who sits on it, how its nodes are, what it votes on and hears of. */
export const committeeRoutes: FastifyPluginAsyncZod<CommitteeDeps> = async (app, deps) => {
  const { committee, nodes, components, restartCommittee, takeVote } = deps;

  async function state(): Promise<z.infer<typeof State>> {
    const members = await committee.countMembers();
    const now = nodes.state();
    return {
      status: committeeStatus(now),
      replicas: now.replicas,
      healthy_nodes: now.healthy,
      members,
      quorum: majorityOf(members),
      timestamp: new Date().toISOString(),
    };
  }
  async function members(): Promise<Array<z.infer<typeof Member>>> {
    return (await committee.members()).map(({ name, contact, added_by, added_at }) => ({
      name,
      contact,
      addedBy: added_by,
      addedAt: added_at.toISOString(),
    }));
  }

  app.get('/committee/state', { config: role('viewer'), schema: { response: { 200: State } } }, state);

  app.post(
    '/committee/scale',
    { config: role('operator'), schema: { body: Scale, response: { 200: State } } },
    async (request) => {
      const order = { operation: 'scale' as const, replicas: request.body.replicas };
      await components.apply('committee', order, { by: identityOf(request).name, keyed: null });
      return state();
    },
  );

  app.post(
    '/committee/restart',
    { config: role('operator'), schema: { body: Restart, response: { 200: State } } },
    async (request) => {
      const { graceful = true, timeout = 10 } = request.body ?? {};
      await restartCommittee({ graceful, timeoutSeconds: timeout }, identityOf(request).name);
      return state();
    },
  );

  app.get(
    '/committee/members',
    {
      config: role('viewer'),
      schema: { response: { 200: z.object({ items: z.array(Member), nextCursor: z.null() }) } },
    },
    async () => ({ items: await members(), nextCursor: null }),
  );

  app.post(
    '/committee/members',
    { config: role('admin'), schema: { body: NewMember, response: { 201: Member } } },
    async (request, reply) => {
      const { name, contact = null } = request.body;
      const by = identityOf(request).name;
      await committee.add(name, contact, by);
      const added = (await members()).find((member) => member.name === name);
      return reply.code(201).send(added ?? { name, contact, addedBy: by, addedAt: new Date().toISOString() });
    },
  );

  app.delete(
    '/committee/members/:name',
    {
      config: role('admin'),
      schema: { params: z.strictObject({ name: Name }), response: { 204: z.undefined(), 404: Problem } },
    },
    async (request, reply) => {
      await committee.remove(request.params.name, identityOf(request).name);
      return reply.code(204).send();
    },
  );

  app.get(
    '/committee/votes',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({
          subject: Ulid.optional(),
          limit: z.coerce.number().int().min(1).max(500).default(100),
        }),
        response: { 200: z.object({ items: z.array(ShownVote), nextCursor: z.null() }) },
      },
    },
    async ({ query }) => {
      const votes = await committee.votes(query);
      return { items: votes.map(({ at, ...vote }) => ({ ...vote, at: at.toISOString() })), nextCursor: null };
    },
  );

  app.post(
    '/committee/votes',
    { config: role('approver'), schema: { body: NewVote, response: { 200: Tally, 404: Problem } } },
    async (request) => {
      const { subject, vote, reason = null } = request.body;
      return takeVote({ subject, vote, reason, by: identityOf(request).name });
    },
  );

  app.get(
    '/committee/notices',
    { config: role('viewer'), schema: { querystring: PageQuery, response: { 200: pageOf(Notice) } } },
    async ({ query }) => {
      const { items, nextCursor } = await committee.notices(query);
      const shown = items.map((row) => ({
        id: row.id,
        violationId: row.event_id,
        severity: row.severity,
        text: row.text,
        createdAt: row.created_at.toISOString(),
        deliveredAt: row.delivered_at?.toISOString() ?? null,
        recipients: row.recipients,
        tries: row.tries,
      }));
      return { items: shown, nextCursor };
    },
  );
};
