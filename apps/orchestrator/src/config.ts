import { LoopConfig } from '@charter/service';
import { Duration } from '@charter/shared/contracts';
import { z } from 'zod';

export const OrchestratorConfig = LoopConfig.extend({
  /** How often everything is observed; a webhook makes it faster, never slower. */
  CHARTER_CYCLE_INTERVAL: Duration.prefault('30s'),
  /** An incident that is still open after this long goes to a person. */
  ORCHESTRATOR_INCIDENT_DEADLINE: Duration.prefault('15m'),
  /** Where escalations are posted (Slack-compatible JSON); absent means they only show in timeline, log and metrics. */
  ORCHESTRATOR_ESCALATION_WEBHOOK: z.url().optional(),
});
export type OrchestratorConfig = z.infer<typeof OrchestratorConfig>;
