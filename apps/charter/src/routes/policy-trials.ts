import { role } from '@charter/service';
import { Problem, Ulid } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { readPolicy } from '../domain/policy-source.ts';
import type { PolicyText } from '../workers/policy-text.ts';
import type { TryPolicy } from '../workers/try-policy.ts';

const Verdict = z.object({ effect: z.string(), rule: z.string().nullable() });
const Trial = z.object({
  /** Recorded decisions that were made again. */
  replayed: z.int(),
  changed: z.array(
    z.object({
      decisionId: Ulid,
      action: z.string(),
      target: z.string().nullable(),
      metric: z.string().nullable(),
      role: z.string().nullable(),
      before: Verdict,
      after: Verdict,
    }),
  ),
  tests: z.object({
    passed: z.int(),
    failed: z.int(),
    coverage: z.number(),
    uncovered: z.array(z.string()),
    results: z.array(z.object({ name: z.string(), pass: z.boolean(), reasons: z.array(z.string()) })),
  }),
});
const TrialBody = z
  .strictObject({
    policyId: Ulid.optional(),
    policy: z.union([z.looseObject({}), z.string()]).optional(),
    /** How many of the newest recorded decisions to make again. */
    decisions: z.int().min(0).max(10_000).default(1_000),
  })
  .refine(
    ({ policyId, policy }) => (policyId === undefined) !== (policy === undefined),
    'needs either policyId or policy',
  );

export interface PolicyTrialDeps {
  readonly policyText: PolicyText;
  readonly tryPolicy: TryPolicy;
}

/** What a version would change, before it does. */
export const policyTrialRoutes: FastifyPluginAsyncZod<PolicyTrialDeps> = async (app, { policyText, tryPolicy }) => {
  app.post(
    '/policies/test',
    { config: role('viewer'), schema: { body: TrialBody, response: { 200: Trial, 422: Problem } } },
    async ({ body }) => {
      const { policyId, policy } = body;
      const tried = policyId === undefined ? readPolicy(policy).policy : (await policyText(policyId)).policy;
      return tryPolicy(tried, body.decisions);
    },
  );
};
