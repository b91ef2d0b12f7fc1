import { role } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { AttemptLadder } from '../adapters/attempt-ladder.ts';
import type { ForbiddenAttempt } from '../adapters/climb-ladder.ts';
import type { EvaluationPool } from '../workers/evaluation-pool.ts';
import type { ValidateSample } from '../workers/validate-samples.ts';

const Answer = z.object({
  isValid: z.boolean(),
  allowed: z.boolean(),
  reason: z.enum([
    'WHITELISTED',
    'FORBIDDEN',
    'NOT_WHITELISTED',
    'APPROVAL_REQUIRED',
    'OVERRIDDEN',
    'INVALID',
    'BYPASSED',
  ]),
  enforcementAction: z.enum(['ALLOW', 'BLOCK', 'REJECT']),
  errors: z.array(z.string()),
  policyVersion: z.string(),
  decisionId: z.string(),
});
const BatchAnswer = z.object({
  total: z.int(),
  passed: z.int(),
  blocked: z.int(),
  all_valid: z.boolean(),
  results: z.array(Answer),
});

/** What is wrong with a sample is part of the answer: here only that it is an object. */
const AnyObject = z.looseObject({});
const Batch = z.strictObject({ metrics: z.array(z.unknown()) });
const mostSamples = 20_000;

export interface SampleDeps {
  readonly validate: ValidateSample;
  readonly pool: EvaluationPool;
  readonly ladder: AttemptLadder;
}

/** May these metrics be collected. A sample is refused whether or not the attempt is recorded yet: nobody waits for that. */
export const sampleRoutes: FastifyPluginAsyncZod<SampleDeps> = async (app, { validate, pool, ladder }) => {
  app.post(
    '/metrics/validate',
    { config: role('operator'), schema: { body: AnyObject, response: { 200: Answer } } },
    async ({ body }) => {
      pool.admit(1);
      const { answer, attempt } = validate(body);
      if (attempt) void ladder.record([attempt]);
      return { ...answer, errors: [...answer.errors] };
    },
  );

  app.post(
    '/metrics/validate-batch',
    { config: role('operator'), schema: { body: Batch, response: { 200: BatchAnswer } } },
    async ({ body: { metrics: samples } }) => {
      if (samples.length > mostSamples) {
        throw new CharterError('body-too-large', `A batch holds at most ${String(mostSamples)} samples`);
      }
      pool.admit(samples.length);
      const results: Array<z.infer<typeof Answer>> = [];
      const attempts: ForbiddenAttempt[] = [];
      await pool.run(samples.length, (start, end) => {
        for (const sample of samples.slice(start, end)) {
          const { answer, attempt } = validate(sample);
          results.push({ ...answer, errors: [...answer.errors] });
          if (attempt) attempts.push(attempt);
        }
      });
      if (attempts.length > 0) void ladder.record(attempts);
      const passed = results.filter(({ allowed }) => allowed).length;
      const total = results.length;
      return { total, passed, blocked: total - passed, all_valid: passed === total, results };
    },
  );
};
