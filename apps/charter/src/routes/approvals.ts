import { identityOf, role } from '@charter/service';
import {
  Approval,
  ApprovalRequest,
  ApprovalStatus,
  CharterError,
  PageQuery,
  Problem,
  pageOf,
  printable,
  Ulid,
} from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApprovalLog } from '../adapters/approval-log.ts';
import type { EditApproval } from '../adapters/edit-approval.ts';
import { Tightening } from '../domain/tighten-obligations.ts';
import type { CharterMetrics } from '../metrics.ts';

const ById = z.strictObject({ id: Ulid });
const Reason = z.strictObject({ reason: printable(2_000).optional() }).prefault({});
/** With the hash that was read, an answer to a question that was changed since is refused. */
const Answer = z
  .strictObject({ reason: printable(2_000).optional(), planHash: printable(128).optional() })
  .prefault({});
const NewApproval = ApprovalRequest.extend({
  planHash: printable(128),
  title: printable(500),
  explanation: printable(8_000),
  obligations: z.strictObject(ApprovalRequest.shape.obligations.shape),
});

const Edit = z.strictObject({ tighten: Tightening, reason: printable(2_000).optional() });

export interface ApprovalDeps {
  readonly approvals: ApprovalLog;
  readonly editApproval: EditApproval;
  readonly metrics: CharterMetrics;
  /** Sends what is due to people, and makes the changes they approved. */
  readonly attendApprovals: () => Promise<void>;
}

/** Questions to people about one plan: the one record of who let what happen. */
export const approvalRoutes: FastifyPluginAsyncZod<ApprovalDeps> = async (
  app,
  { approvals, editApproval, metrics, attendApprovals },
) => {
  app.get(
    '/approvals',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ status: ApprovalStatus.optional() }),
        response: { 200: pageOf(Approval) },
      },
    },
    ({ query }) => approvals.page(query),
  );

  app.post(
    '/approvals',
    { config: role('operator'), schema: { body: NewApproval, response: { 200: Approval, 201: Approval } } },
    async (request, reply) => {
      const { approval, isNew } = await approvals.create(request.body, { kind: 'plan', by: identityOf(request).name });
      if (isNew) metrics.approvalAsked();
      void attendApprovals();
      return reply.code(isNew ? 201 : 200).send(approval);
    },
  );

  app.get(
    '/approvals/:id',
    {
      config: role('viewer'),
      schema: {
        description:
          'One question with its votes and where it stands. One that nobody answered in time, or that was given longer ago than its policy lets it stand, is expired.',
        params: ById,
        response: { 200: Approval, 404: Problem },
      },
    },
    async ({ params }) => {
      const approval = await approvals.find(params.id);
      if (!approval) throw new CharterError('not-found', `No approval ${params.id}`);
      return approval;
    },
  );

  for (const vote of ['approve', 'reject'] as const) {
    app.post(
      `/approvals/:id/${vote}`,
      { config: role('approver'), schema: { params: ById, body: Answer, response: { 200: Approval, 404: Problem } } },
      async (request) => {
        const { name: by } = identityOf(request);
        const { reason, planHash } = request.body;
        const approval = await approvals.vote(request.params.id, { by, vote, reason: reason ?? null, planHash });
        if (approval.status !== 'pending') metrics.approvalEnded(approval.status);
        await attendApprovals();
        return approval;
      },
    );
  }

  app.post(
    '/approvals/:id/edit',
    {
      config: role('approver'),
      schema: {
        description:
          'Tightens a question that waits: lower bounds or a higher quorum, never the reverse. It is bound to a new planHash (editedFrom is the one asked about), votes so far are dropped, and the change is audited.',
        params: ById,
        body: Edit,
        response: { 200: Approval, 404: Problem, 409: Problem },
      },
    },
    async (request) => {
      const { tighten, reason } = request.body;
      const { name: by } = identityOf(request);
      const approval = await editApproval(request.params.id, { by, tighten, reason: reason ?? null });
      void attendApprovals();
      return approval;
    },
  );

  app.post(
    '/approvals/:id/withdraw',
    { config: role('operator'), schema: { params: ById, body: Reason, response: { 200: Approval, 404: Problem } } },
    async (request) => {
      const { name: by } = identityOf(request);
      const approval = await approvals.withdraw(request.params.id, by, request.body.reason ?? 'no longer needed');
      metrics.approvalEnded(approval.status);
      await attendApprovals();
      return approval;
    },
  );
};
