import { z } from 'zod';
import { ActionType } from './action.ts';
import { Instant, MetricName, Name, Ratio, Ulid } from './scalars.ts';

export const OutcomeType = z.enum(['success', 'partial', 'ineffective', 'degradation', 'unknown']);
export type OutcomeType = z.infer<typeof OutcomeType>;

/** How the incident's plan ended. Everything but `executed` ends without an effect. */
export const Disposition = z.enum([
  'executed',
  'null-plan',
  'observed',
  'denied',
  'rejected',
  'expired',
  'withdrawn',
  'refused',
]);
export type Disposition = z.infer<typeof Disposition>;

export const OutcomeEvidence = z.object({
  role: z.enum(['violated', 'neighbor', 'peer']),
  rule: Name,
  component: Name,
  metric: MetricName,
  before: z.number().nullable(),
  after: z.number().nullable(),
  threshold: z.number().nullable(),
  resolved: z.boolean().nullable(),
});
export type OutcomeEvidence = z.infer<typeof OutcomeEvidence>;

/** What verification saw of one plan. */
export const Outcome = z.object({
  id: Ulid,
  incidentId: Ulid,
  planId: Ulid,
  executionId: Ulid.nullable(),
  environment: Name,
  component: Name,
  strategy: Name,
  rootCause: z.object({ component: Name, metric: MetricName, confidence: Ratio }).nullable(),
  actions: z.array(z.object({ action: ActionType, target: Name, targetClass: Name.nullable() })).max(20),
  type: OutcomeType,
  executed: z.boolean(),
  disposition: Disposition,
  rolledBack: z.boolean(),
  reason: z.string().max(2000),
  evidence: z.array(OutcomeEvidence).max(100),
  /**
   * Share of a recovery that counts as the plan's doing, after what untreated peers did meanwhile or else the base rate
   * of self-recovery: the weight it has as evidence. Null or absent where nothing recovered or nothing was executed.
   */
  attribution: Ratio.nullable().optional(),
  startedAt: Instant.nullable(),
  at: Instant,
  /** From the start of execution until all violated signals were back within their thresholds. */
  timeToStabilizeSeconds: z.number().min(0).nullable(),
  /** Probability with which this plan was chosen among its alternatives. */
  propensity: Ratio,
  /** The policy whose rule let the plan through; null or absent when it is not known. */
  policy: z.string().max(200).nullable().optional(),
});
export type Outcome = z.infer<typeof Outcome>;
