import { LoopConfig } from '@charter/service';
import { Duration } from '@charter/shared/contracts';
import { z } from 'zod';

/** Settings of enforcement, part of the charter's configuration. */
export const enforcementSettings = {
  /** Where notices to the committee are posted (Slack-compatible JSON). */
  CHARTER_COMMITTEE_WEBHOOK: z.url().optional(),
  /** Attempts at a forbidden metric that stopped for this long no longer count as going on. */
  CHARTER_ENFORCEMENT_QUIET: Duration.prefault('5m'),
  /** Anonymous reports taken a minute on each replica, of all senders together. */
  CHARTER_REPORTS_PER_MINUTE: z.coerce.number().int().min(1).default(30),
};

const EnforcementConfig = LoopConfig.extend(enforcementSettings);
export type EnforcementConfig = z.infer<typeof EnforcementConfig>;
