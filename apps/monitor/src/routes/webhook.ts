import { role } from '@charter/service';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { WebhookPayload } from '../domain/webhook-payload.ts';
import type { AlertIntake } from '../workers/alert-intake.ts';

/** Alertmanager's webhook: answered once the call is durable. Pressure is 503, which Alertmanager retries; 429 it would drop. */
export const webhookRoutes: FastifyPluginAsyncZod<{ intake: AlertIntake; bodyLimitBytes: number }> = async (
  app,
  { intake, bodyLimitBytes },
) => {
  app.post(
    '/webhooks/alerts',
    {
      config: role('operator'),
      bodyLimit: bodyLimitBytes,
      schema: {
        summary: 'Alertmanager webhook, payload version 4',
        tags: ['webhooks'],
        body: WebhookPayload,
        response: { 202: z.object({ accepted: z.int() }) },
      },
    },
    async ({ body }, reply) => {
      await intake.accept(body);
      return reply.code(202).send({ accepted: body.alerts.length });
    },
  );
};
