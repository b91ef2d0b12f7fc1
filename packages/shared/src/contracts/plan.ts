import { z } from 'zod';
import { PlannedAction } from './action.ts';
import { ApprovalStatus, Obligations } from './decision.ts';
import { AutomationMode, Comparator, Instant, MetricName, Name, Ratio, Ulid } from './scalars.ts';

export const Priority = z.enum(['critical', 'high', 'medium', 'low']);
export type Priority = z.infer<typeof Priority>;

/**
 * One signal to look at again after acting: the violated rule itself, a neighbor that must not get worse, or the same
 * rule of a peer that nothing is done to, which tells what happens without acting.
 */
export const VerificationSignal = z.object({
  role: z.enum(['violated', 'neighbor', 'peer']),
  fingerprint: z.string().nullable(),
  rule: Name,
  component: Name,
  metric: MetricName,
  query: z.string().nullable(),
  comparator: Comparator,
  threshold: z.number().nullable(),
  /** What it read when the plan was made. */
  before: z.number().nullable(),
});
export type VerificationSignal = z.infer<typeof VerificationSignal>;

export const Verification = z.object({
  signals: z.array(VerificationSignal).max(100),
  /** The longest declared delay of the plan's actions. */
  delaySeconds: z.number().min(0),
  samples: z.int().min(3),
  intervalSeconds: z.number().positive(),
  windowSeconds: z.number().positive(),
  /** How often such violations go away by themselves: what a recovery is compared with where there is no peer. */
  selfRecovery: Ratio.optional(),
});
export type Verification = z.infer<typeof Verification>;

/** One candidate as it was scored, chosen or not. `null` is the strategy that does nothing. */
export const Alternative = z.object({
  strategy: Name,
  summary: z.string().max(1000),
  benefit: z.number(),
  cost: z.number(),
  risk: z.number(),
  utility: z.number(),
  /** Null when it was in the running. */
  blockedBy: z.string().max(1000).nullable(),
  reasons: z.array(z.string().max(500)).max(20),
});
export type Alternative = z.infer<typeof Alternative>;

/** How a plan was chosen among those that could be carried out: enough to draw the choice again. */
export const PlanChoice = z.object({
  /** Chance with which this plan was chosen. */
  propensity: Ratio,
  /** Seeds the draws; null when none were made and the best was taken. */
  seed: z.string().nullable(),
  draws: z.int().min(0),
  /** The strategy that was best without drawing. */
  runbook: Name,
  /** Chance of each strategy that was in the draw. */
  chances: z.record(Name, Ratio),
  /** Why the runbook stands although the draw said otherwise. */
  held: z.enum(['charter', 'budget']).nullable(),
  /** Reward saved up before, that exploring may spend. */
  saved: z.number(),
});
export type PlanChoice = z.infer<typeof PlanChoice>;

/** Ordered actions against one root cause; a plan without actions is the null plan and does nothing. */
export const Plan = z.object({
  id: Ulid,
  incidentId: Ulid,
  analysisId: Ulid,
  environment: Name,
  strategy: Name,
  rootCause: z.object({ component: Name, metric: MetricName, confidence: Ratio }).nullable(),
  actions: z.array(PlannedAction).max(20),
  priority: Priority,
  benefit: z.number(),
  cost: z.number(),
  risk: Ratio,
  utility: z.number(),
  alternatives: z.array(Alternative).max(250),
  reasons: z.array(z.string().max(1000)).max(50),
  mode: AutomationMode,
  approval: ApprovalStatus,
  obligations: Obligations,
  decisionIds: z.array(z.string()).max(50),
  verification: Verification,
  /** SHA-256 over what the plan would do: environment, actions, parameters, order; not the policy version. */
  hash: z.string(),
  /** Target → generation this plan was made for. */
  generations: z.record(Name, z.int().min(1)),
  createdAt: Instant,
  expiresAt: Instant,
  choice: PlanChoice.optional(),
  /** The policy whose rule let it through; null when nothing did. */
  policy: z.string().max(200).nullable().optional(),
});
export type Plan = z.infer<typeof Plan>;
