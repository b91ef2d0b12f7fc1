import { role } from '@charter/service';
import { Analysis, CharterError, PageQuery, Problem, pageOf, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AnalysisLog } from '../adapters/analysis-log.ts';

const ById = z.strictObject({ id: Ulid });

/** What was found, newest first; one analysis with the windows it read, so that it can be computed again. */
export const analysisRoutes: FastifyPluginAsyncZod<{ analysisLog: AnalysisLog }> = async (app, { analysisLog }) => {
  app.get(
    '/analyses',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ incidentId: Ulid.optional() }),
        response: { 200: pageOf(Analysis) },
      },
    },
    ({ query }) => analysisLog.page(query),
  );

  app.get(
    '/analyses/:id',
    {
      config: role('viewer'),
      schema: { params: ById, response: { 200: Analysis.extend({ windows: z.unknown() }), 404: Problem } },
    },
    async ({ params }) => {
      const found = await analysisLog.find(params.id);
      if (!found) throw new CharterError('not-found', `No analysis ${params.id}`);
      return { ...found.analysis, windows: found.windows };
    },
  );
};
