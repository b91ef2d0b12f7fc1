import { ServiceConfig } from '@charter/service';
import { Duration, queuePrefix } from '@charter/shared/contracts';
import { z } from 'zod';

export const OrchestratorConfig = ServiceConfig.extend({
  DATABASE_URL: z.url(),
  REDIS_URL: z.url(),
  /** How often everything is observed; a webhook makes it faster, never slower. */
  CHARTER_CYCLE_INTERVAL: Duration.prefault('30s'),
  /** An incident that is still open after this long goes to a person. */
  ORCHESTRATOR_INCIDENT_DEADLINE: Duration.prefault('15m'),
  /** Where escalations are posted (Slack-compatible JSON); absent means they only show in timeline, log and metrics. */
  ORCHESTRATOR_ESCALATION_WEBHOOK: z.url().optional(),
  /** Key prefix of the queues in Redis; all services of one loop share it. */
  CHARTER_QUEUE_PREFIX: z.string().default(queuePrefix),
  /** Take a Redis that forgets. */
  CHARTER_ALLOW_VOLATILE_REDIS: z.stringbool().default(false),
});
export type OrchestratorConfig = z.infer<typeof OrchestratorConfig>;
