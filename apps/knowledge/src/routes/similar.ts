import { role } from '@charter/service';
import { CharterError, Outcome, Problem, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Analyses } from '../adapters/analyses-rest.ts';
import type { IncidentMemory } from '../adapters/incident-memory.ts';
import { analysisText } from '../domain/incident-text.ts';

const Similar = z.object({
  incidentId: Ulid,
  /** Higher is closer; comparable within one answer only. */
  score: z.number(),
  outcomes: z.array(Outcome),
});

export interface SimilarDeps {
  readonly memory: IncidentMemory;
  readonly analyses: Analyses;
}

/** Past incidents that were about the same, and how they ended. */
export const similarRoutes: FastifyPluginAsyncZod<SimilarDeps> = async (app, { memory, analyses }) => {
  app.get(
    '/similar',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({ incident: Ulid, limit: z.coerce.number().int().min(1).max(50).default(5) }),
        response: { 200: z.object({ items: z.array(Similar) }), 404: Problem, 503: Problem },
      },
    },
    async ({ query: { incident, limit } }) => {
      const text = (await memory.textOf(incident)) ?? (await textOfOpen(incident));
      return {
        items: (await memory.closest(text, incident, limit)).map((one) => ({ ...one, outcomes: [...one.outcomes] })),
      };
    },
  );

  async function textOfOpen(incident: string): Promise<string> {
    const analysis = await analyses.latestOf(incident);
    if (!analysis) throw new CharterError('not-found', `Neither an outcome nor an analysis of incident ${incident}`);
    return analysisText(analysis);
  }
};
