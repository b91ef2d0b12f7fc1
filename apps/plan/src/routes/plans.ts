import { role, traceparentOf } from '@charter/service';
import type { CallOptions } from '@charter/shared/charter-client';
import { Approval, CharterError, PageQuery, Problem, pageOf, Ulid } from '@charter/shared/contracts';
import type { FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { PlanItem, type PlanLog } from '../adapters/plan-log.ts';
import { PlanStatus } from '../domain/attempt.ts';
import { explain } from '../domain/explain.ts';
import type { Analyses, Charter } from '../ports.ts';
import type { PlanNow } from '../workers/plan-now.ts';
import { AnalysisBody } from './analysis-body.ts';

const ById = z.strictObject({ id: Ulid });
const Explained = PlanItem.extend({ explanation: z.array(z.string()) });
const PlanBody = z
  .strictObject({ analysis: AnalysisBody.optional(), analysisId: Ulid.optional(), dryRun: z.boolean().default(false) })
  .refine(({ analysis, analysisId }) => (analysis === undefined) !== (analysisId === undefined), {
    message: 'needs either analysis or analysisId',
  })
  .refine((body) => !JSON.stringify(body).includes('\\u0000'), 'has a NUL character');
const VoteBody = z.strictObject({ reason: z.string().max(2_000).optional() }).prefault({});

export interface PlanDeps {
  readonly planLog: PlanLog;
  readonly analyses: Analyses;
  readonly planNow: PlanNow;
  /** The charter without this service's own key: a vote is the person's. */
  readonly votes: Pick<Charter, 'vote'>;
  /** Told when a plan waits for people or they voted. */
  readonly onPending: () => void;
}

/** Plans: what was decided and why, planning on demand, and people's votes on their way to the charter. */
export const planRoutes: FastifyPluginAsyncZod<PlanDeps> = async (app, deps) => {
  const { planLog, analyses, planNow, votes, onPending } = deps;

  app.get(
    '/plans',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ incidentId: Ulid.optional(), status: PlanStatus.optional() }),
        response: { 200: pageOf(PlanItem) },
      },
    },
    ({ query }) => planLog.page(query),
  );

  app.get(
    '/plans/:id',
    { config: role('viewer'), schema: { params: ById, response: { 200: Explained, 404: Problem } } },
    async ({ params }) => explained(await existing(params.id)),
  );

  app.post(
    '/plans',
    {
      config: role('operator'),
      schema: { body: PlanBody, response: { 200: Explained, 201: Explained, 404: Problem } },
    },
    async ({ body }, reply) => {
      const { analysisId, dryRun } = body;
      const analysis = body.analysis ?? (analysisId === undefined ? null : await analyses.find(analysisId));
      if (!analysis) throw new CharterError('not-found', `No analysis ${analysisId ?? ''}`);
      if (dryRun) return reply.code(200).send(explained(await planNow.preview(analysis)));
      const id = await planNow.record(analysis);
      onPending();
      return reply.code(201).send(explained(await existing(id)));
    },
  );

  for (const vote of ['approve', 'reject'] as const) {
    app.post(
      `/plans/:id/${vote}`,
      {
        config: role('approver'),
        schema: { params: ById, body: VoteBody, response: { 200: Approval, 404: Problem, 409: Problem } },
      },
      async (request) => {
        const { approvalId, status } = await existing(request.params.id);
        if (approvalId === null || status !== 'pending') {
          throw new CharterError('conflict', `Plan ${request.params.id} is ${status}; nobody is asked about it`);
        }
        const { reason } = request.body;
        const approval = await votes.vote(
          approvalId,
          reason === undefined ? { vote } : { vote, reason },
          onBehalfOf(request),
        );
        onPending();
        return approval;
      },
    );
  }

  async function existing(id: string): Promise<PlanItem> {
    const plan = await planLog.find(id);
    if (!plan) throw new CharterError('not-found', `No plan ${id}`);
    return plan;
  }
};

const explained = (plan: PlanItem): z.infer<typeof Explained> => ({ ...plan, explanation: explain(plan) });

/** The person's own credentials travel on. */
function onBehalfOf(request: FastifyRequest): CallOptions {
  const { authorization } = request.headers;
  return { traceparent: traceparentOf(request), ...(authorization === undefined ? {} : { authorization }) };
}
