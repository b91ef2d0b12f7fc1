import { role } from '@charter/service';
import { CharterError, Outcome, Problem, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Analyses } from '../adapters/analyses-rest.ts';
import type { IncidentMemory } from '../adapters/incident-memory.ts';
import type { PassageShelf } from '../adapters/passage-shelf.ts';
import { analysisText, incidentText } from '../domain/incident-text.ts';
import { type SummarizeDeps, summarize } from '../workers/summarize.ts';

const Similar = z.object({
  incidentId: Ulid,
  /** Higher is closer; comparable within one answer only. */
  score: z.number(),
  outcomes: z.array(Outcome),
});

/** A piece of a runbook or of the pack, with where it is from. */
const FoundPassage = z.object({
  id: z.string(),
  source: z.string(),
  title: z.string(),
  body: z.string(),
  strategy: z.string().nullable(),
  score: z.number(),
});

const Summary = z.object({
  incidentId: Ulid,
  summary: z.string(),
  model: z.string(),
  citations: z.array(z.object({ number: z.int(), source: z.string(), title: z.string() })),
  redacted: z.array(z.string()),
});

const limit = z.coerce.number().int().min(1).max(50).default(5);
const passagesSummed = 5;

export interface SimilarDeps {
  readonly memory: IncidentMemory;
  readonly analyses: Analyses;
  readonly passages: PassageShelf;
  /** Names of signals that texts may speak of. */
  readonly signals: () => readonly string[];
  /** Null when no endpoint is configured. */
  readonly summaries: SummarizeDeps | null;
}

/** Past incidents that were about the same and how they ended, and what is written about it. */
export const similarRoutes: FastifyPluginAsyncZod<SimilarDeps> = async (app, deps) => {
  const { memory, analyses, passages, signals, summaries } = deps;

  app.get(
    '/similar',
    {
      config: role('viewer'),
      schema: {
        querystring: z.strictObject({ incident: Ulid, limit }),
        response: {
          200: z.object({ items: z.array(Similar), passages: z.array(FoundPassage) }),
          404: Problem,
          503: Problem,
        },
      },
    },
    async ({ query: { incident, limit: most } }) => {
      const text = await textOf(incident);
      const [items, found] = await Promise.all([memory.closest(text, incident, most), passages.closest(text, most)]);
      return { items: items.map((one) => ({ ...one, outcomes: [...one.outcomes] })), passages: found };
    },
  );

  app.get(
    '/similar/summary',
    {
      config: role('operator'),
      schema: {
        querystring: z.strictObject({ incident: Ulid }),
        response: { 200: Summary, 404: Problem, 503: Problem },
      },
    },
    async ({ query: { incident } }) => {
      if (!summaries) {
        throw new CharterError('not-found', 'No endpoint for summaries is configured (KNOWLEDGE_SUMMARY_URL)');
      }
      const text = await textOf(incident);
      const [like, found] = await Promise.all([
        memory.closest(text, incident, passagesSummed),
        passages.closest(text, passagesSummed),
      ]);
      const sources = [
        ...found.map(({ source, title, body }) => ({ source, title, text: body })),
        ...like.map(({ incidentId, outcomes }) => ({
          source: `incident ${incidentId}`,
          title: incidentText(outcomes).title,
          text: outcomes.map(({ strategy, type, reason }) => `${strategy} ended in ${type}: ${reason}`).join('\n'),
        })),
      ];
      const { summary, model, citations, redacted } = await summarize(text, sources, signals(), summaries);
      return { incidentId: incident, summary, model, citations: [...citations], redacted: [...redacted] };
    },
  );

  async function textOf(incident: string): Promise<string> {
    const known = await memory.textOf(incident);
    if (known !== null) return known;
    const analysis = await analyses.latestOf(incident);
    if (!analysis) throw new CharterError('not-found', `Neither an outcome nor an analysis of incident ${incident}`);
    return analysisText(analysis);
  }
};
