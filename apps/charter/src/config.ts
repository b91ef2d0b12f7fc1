import { LoopConfig } from '@charter/service';
import { AutomationMode, Duration } from '@charter/shared/contracts';
import { z } from 'zod';
import { enforcementSettings } from './enforcement/config.ts';

export const CharterConfig = LoopConfig.extend({
  ...enforcementSettings,
  CHARTER_STATE_DIR: z.string().min(1).default('.charter'),
  /** A pack (YAML file, or a folder of them) that is imported at start and again whenever it changes. */
  CHARTER_PACK: z.string().min(1).optional(),
  /** How far automation may go at first; people change it with `PUT automation`. */
  CHARTER_AUTOMATION: AutomationMode.default('observe'),
  /** Every change of policies and packs needs a person's approval, whatever the documents say. */
  CHARTER_CHANGES_NEED_APPROVAL: z.stringbool().default(false),
  /** How long people have to answer when the policy sets no deadline. */
  CHARTER_APPROVAL_WITHIN: Duration.prefault('15m'),
  /** Where requests for approval are posted (Slack-compatible JSON). */
  CHARTER_APPROVAL_WEBHOOK: z.url().optional(),
  /** JSON file `{group: [names]}` or `{group: {members, next}}`: who may approve. Without it every approver may for all. */
  CHARTER_APPROVERS: z.string().optional(),
  /** How people reach this service; the address it listens on when absent. */
  CHARTER_PUBLIC_URL: z.url().optional(),
  /** PEM file with the ed25519 key that signs the audit log; one is made in the state directory when absent. */
  CHARTER_AUDIT_KEY: z.string().optional(),
  /** How long clients may decide reads from a signed snapshot while this service is away. */
  CHARTER_SNAPSHOT_MAX_AGE: Duration.prefault('15m'),
  /** How long recorded decisions stay explainable. */
  CHARTER_DECISION_RETENTION_DAYS: z.coerce.number().int().min(1).default(30),
  /** Decisions kept in memory before they are recorded; beyond it a counted gap is recorded instead. */
  CHARTER_DECISION_BUFFER: z.coerce.number().int().min(100).default(20_000),
});
export type CharterConfig = z.infer<typeof CharterConfig>;
