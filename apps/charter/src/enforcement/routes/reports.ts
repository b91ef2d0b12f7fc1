import { limitRate, problemFrom, role } from '@charter/service';
import { PageQuery, pageOf, printable } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ReportBox } from '../adapters/report-box.ts';

const NewReport = z.strictObject({
  text: printable(20_000).min(1),
  /** Whom or what it is about. */
  subject: printable(500).min(1).optional(),
  channel: z.enum(['reports', 'committee', 'ombudsperson']).default('reports'),
});
const Receipt = z.object({ receipt: z.string() });
const Report = z.object({
  id: z.string(),
  receivedOn: z.iso.date(),
  channel: z.string(),
  subject: z.string().nullable(),
  text: z.string(),
});

export interface ReportDeps {
  readonly reports: ReportBox;
  readonly reportsPerMinute: number;
}

/**
 * Reports of wrongdoing. Nobody is asked who they are, nothing of the request is logged or kept, and all senders share
 * one rate bucket, so that no address has to be remembered.
 */
export const reportRoutes: FastifyPluginAsyncZod<ReportDeps> = async (app, { reports, reportsPerMinute }) => {
  await app.register(async (scope) => {
    await limitRate(scope, { max: reportsPerMinute, windowSeconds: 60 });
    scope.setErrorHandler((error, _request, reply) => {
      const problem = problemFrom(error, { instance: '/api/v1/reports', traceId: '' });
      if (problem.status === 429 || problem.status === 503) reply.header('retry-after', '60');
      return reply.code(problem.status).type('application/problem+json').send(JSON.stringify(problem));
    });
    scope.post(
      '/reports',
      {
        config: { ...role('none'), anonymous: true },
        schema: { body: NewReport, response: { 202: Receipt } },
      },
      async (request, reply) => {
        const { text, subject = null, channel } = NewReport.parse(request.body);
        return reply.code(202).send({ receipt: await reports.drop({ text, subject, channel }) });
      },
    );
  });

  app.get(
    '/reports',
    { config: role('approver'), schema: { querystring: PageQuery, response: { 200: pageOf(Report) } } },
    async ({ query }) => {
      const { items, nextCursor } = await reports.page(query);
      return { items: items.map(({ received_on, ...report }) => ({ ...report, receivedOn: received_on })), nextCursor };
    },
  );
};
