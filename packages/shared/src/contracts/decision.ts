import { z } from 'zod';
import { ActionType } from './action.ts';
import { AutomationMode, Instant, Labels, MetricName, Name, Ratio, Ulid } from './scalars.ts';

/** What somebody wants to do now. `subject` is a person's or a service's name. */
export const DecisionRequest = z.strictObject({
  action: z.union([ActionType, z.string().min(1).max(100)]),
  environment: Name.optional(),
  subject: Name.optional(),
  role: Name.optional(),
  purpose: Name.optional(),
  target: Name.optional(),
  targetClass: Name.optional(),
  group: Name.optional(),
  metric: MetricName.optional(),
  labels: Labels.optional(),
  incidentId: Ulid.optional(),
  plan: z
    .strictObject({
      id: Ulid,
      hash: z.string().max(128),
      cost: Ratio,
      risk: Ratio,
      confidence: Ratio,
      /** Share of the target group that the plan touches. */
      blastRadius: Ratio,
    })
    .optional(),
});
export type DecisionRequest = z.infer<typeof DecisionRequest>;

/** What an allowed or approved action must keep to. The strictest of all matching rules. */
export const Obligations = z.object({
  approvers: z.array(Name).optional(),
  quorum: z.int().min(1).optional(),
  withinSeconds: z.number().positive().optional(),
  /** How long an approval stands once it is given; the charter calls it expired afterwards. */
  validForSeconds: z.number().positive().optional(),
  perHour: z.int().min(0).optional(),
  blastRadius: Ratio.optional(),
  maxReplicas: z.int().min(0).optional(),
  redact: z.array(z.string()).optional(),
  /** How long data that was let out or taken in may be kept; whoever asked keeps to it. */
  retentionSeconds: z.number().positive().optional(),
});
export type Obligations = z.infer<typeof Obligations>;

export const DecisionReason = z.object({
  policy: z.string().nullable(),
  rule: z.string().nullable(),
  line: z.int().nullable(),
  effect: z.enum(['allow', 'deny', 'require-approval']).nullable(),
  text: z.string(),
});

export type DecisionReason = z.infer<typeof DecisionReason>;

export const Decision = z.object({
  effect: z.enum(['allow', 'deny', 'require-approval']),
  reasons: z.array(DecisionReason),
  obligations: Obligations,
  /** The most that automation may do here: lowest of policy, earned and global mode. */
  automation: AutomationMode,
  policyVersion: z.string(),
  decisionId: z.string(),
  decidedAt: Instant,
});
export type Decision = z.infer<typeof Decision>;

export const ApprovalStatus = z.enum(['pending', 'approved', 'rejected', 'expired', 'auto_approved']);
export type ApprovalStatus = z.infer<typeof ApprovalStatus>;

/** A question to people, bound to one plan hash. */
export const ApprovalRequest = z.strictObject({
  planId: Ulid,
  planHash: z.string().max(128),
  incidentId: Ulid,
  title: z.string().max(500),
  explanation: z.string().max(8000),
  action: ActionType,
  target: Name,
  requestedBy: Name,
  obligations: Obligations,
});
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

export const Approval = ApprovalRequest.extend({
  id: Ulid,
  /** The hash that was asked about, where people tightened the obligations since; `planHash` is then another. */
  editedFrom: z.string().max(128).nullable().optional(),
  status: ApprovalStatus,
  quorum: z.int().min(1),
  votes: z.array(
    z.object({ by: Name, vote: z.enum(['approve', 'reject']), reason: z.string().nullable(), at: Instant }),
  ),
  createdAt: Instant,
  expiresAt: Instant,
  decidedAt: Instant.nullable(),
});
export type Approval = z.infer<typeof Approval>;
