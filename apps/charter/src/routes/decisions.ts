import { role } from '@charter/service';
import {
  AutomationMode,
  CharterError,
  Decision,
  DecisionRequest,
  PageQuery,
  Problem,
  pageOf,
  Ulid,
} from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { DecisionRecord } from '../adapters/decision-record.ts';
import type { Decide } from '../workers/decide-now.ts';
import type { Explain } from '../workers/explain-decision.ts';

const ById = z.strictObject({ id: Ulid });
const Question = DecisionRequest.refine(({ action }) => !action.includes('\0'), {
  path: ['action'],
  message: 'has a NUL character',
});

const Facts = z.object({
  now: z.number(),
  windows: z.array(z.string()),
  freeze: z.string().nullable(),
  override: z.string().nullable(),
  limit: z.string().nullable(),
  automation: z.object({
    mode: AutomationMode,
    policy: AutomationMode.nullable(),
    granted: AutomationMode.nullable(),
    global: AutomationMode,
  }),
});
const Recorded = z.object({
  id: Ulid,
  request: DecisionRequest,
  decision: Decision,
  policy: z.string().nullable(),
  rule: z.string().nullable(),
  facts: Facts,
});
const Explanation = Recorded.extend({
  /** Every rule whose selector is about the request, and what it said. */
  trace: z.array(
    z.object({
      policy: z.string(),
      policyId: z.string().nullable(),
      rule: z.string(),
      line: z.int().nullable(),
      effect: z.enum(['allow', 'deny', 'require-approval']),
      rollout: z.enum(['enforce', 'warn', 'shadow']),
      outcome: z.enum(['matched', 'condition-false', 'condition-failed']),
      condition: z.string().nullable(),
    }),
  ),
  /** The decision made again from its record; null when the policies of then are gone. */
  recomputed: z.object({ effect: z.string(), agrees: z.boolean() }).nullable(),
});

export interface DecisionDeps {
  readonly decide: Decide;
  readonly explain: Explain;
  readonly decisions: DecisionRecord;
}

/** May this be done now, and why. */
export const decisionRoutes: FastifyPluginAsyncZod<DecisionDeps> = async (app, { decide, explain, decisions }) => {
  app.post(
    '/decisions',
    { config: role('operator'), schema: { body: Question, response: { 200: Decision } } },
    ({ body }) => decide(body),
  );

  app.get(
    '/decisions',
    {
      config: role('viewer'),
      schema: {
        querystring: PageQuery.extend({ effect: Decision.shape.effect.optional(), incidentId: Ulid.optional() }),
        response: { 200: pageOf(Recorded) },
      },
    },
    ({ query }) => decisions.page(query),
  );

  app.get(
    '/decisions/:id/explain',
    { config: role('viewer'), schema: { params: ById, response: { 200: Explanation, 404: Problem } } },
    async ({ params }) => {
      const explanation = await explain(params.id);
      if (!explanation) throw new CharterError('not-found', `No decision ${params.id}`);
      return explanation;
    },
  );
};
