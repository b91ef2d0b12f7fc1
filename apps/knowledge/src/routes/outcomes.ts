import { identityOf, role } from '@charter/service';
import { CharterError, Instant, Name, OutcomeType, PageQuery, Problem, pageOf, Ulid } from '@charter/shared/contracts';
import { newId, type Store } from '@charter/store';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { knownOutcome, type OutcomeLog } from '../adapters/outcome-log.ts';
import type { LearningSettings } from '../config.ts';
import { OutcomeReport, outcomeFromReport } from '../domain/outcome-report.ts';
import { RecordedOutcome } from '../domain/recorded-outcome.ts';
import type { KnowledgeMetrics } from '../metrics.ts';
import type { KnowledgeTables } from '../migrations.ts';
import { learnFrom } from '../workers/learn-from.ts';

const ById = z.strictObject({ id: Ulid });
const Revisions = z.array(
  z.object({ type: OutcomeType, saidBy: z.string(), reason: z.string(), stands: z.boolean(), at: Instant }),
);

export interface OutcomeDeps {
  readonly store: Store<KnowledgeTables>;
  readonly outcomes: OutcomeLog;
  readonly settings: LearningSettings;
  readonly metrics: KnowledgeMetrics;
  readonly environment: string;
  /** What automation has earned changed. */
  readonly onEarned: () => void;
}

/** What verification saw of each plan, and what people and later evidence made of it. */
export const outcomeRoutes: FastifyPluginAsyncZod<OutcomeDeps> = async (app, deps) => {
  const { store, outcomes, settings, metrics, environment, onEarned } = deps;

  app.get(
    '/outcomes',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({
          incidentId: Ulid.optional(),
          component: Name.optional(),
          rootCause: Name.optional(),
          type: OutcomeType.optional(),
          executed: z.stringbool().optional(),
        }),
        response: { 200: pageOf(RecordedOutcome) },
      },
    },
    ({ query }) => outcomes.page(query),
  );

  app.get(
    '/outcomes/:id',
    {
      config: role('viewer'),
      schema: { params: ById, response: { 200: RecordedOutcome.extend({ revisions: Revisions }), 404: Problem } },
    },
    async ({ params }) => {
      const outcome = await outcomes.find(params.id);
      if (!outcome) throw new CharterError('not-found', `No outcome ${params.id}`);
      return { ...outcome, revisions: await outcomes.revisions(params.id) };
    },
  );

  app.post(
    '/outcomes',
    {
      config: role('operator'),
      schema: { body: OutcomeReport, response: { 200: RecordedOutcome, 201: RecordedOutcome, 400: Problem } },
    },
    async (request, reply) => {
      const report = request.body;
      const { name } = identityOf(request);
      const speaker = { kind: 'person', name, reason: report.reason ?? 'no reason given' } as const;
      const { lesson, outcome, isNew } = await store.transaction(async (tx) => {
        const id = report.id ?? newId();
        const planId = report.planId ?? newId();
        const known = await knownOutcome(tx, { id, planId });
        const now = new Date().toISOString();
        const outcome = outcomeFromReport(report, known, { id, planId, environment, now });
        return { outcome, isNew: known === null, lesson: await learnFrom(tx, outcome, speaker, settings) };
      });
      metrics.learned(outcome, lesson);
      if (lesson.autonomy.length > 0) onEarned();
      const recorded = await outcomes.find(lesson.id);
      if (!recorded) throw new CharterError('not-found', `Outcome ${lesson.id} is past its retention`);
      return reply.code(isNew ? 201 : 200).send(recorded);
    },
  );
};
