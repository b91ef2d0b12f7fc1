import { z } from 'zod';
import { ActionType } from './action.ts';
import { AutomationMode, MetricName, Name, Ratio } from './scalars.ts';

/** What outcomes taught about one action against one root cause. Rates are posteriors of verified success. */
export const ActionBelief = z.object({
  action: ActionType,
  targetClass: Name,
  /** The strategy it was seen in; null when pooled over strategies. */
  strategy: Name.nullable(),
  trials: z.int().min(0),
  successes: z.number().min(0),
  harms: z.number().min(0),
  /** Posterior mean and 90 % interval of success. */
  mean: Ratio,
  lower: Ratio,
  upper: Ratio,
  meanTimeToEffectSeconds: z.number().min(0).nullable(),
  /** 0..1 by sample size; saturates near 30 trials. */
  confidence: Ratio,
  earned: AutomationMode,
});
export type ActionBelief = z.infer<typeof ActionBelief>;

/** How often a strategy helped after exactly these others had failed in the same incident. */
export const RungRecord = z.object({
  /** Sorted by name; empty when it was the first try. */
  failed: z.array(Name).max(20),
  strategy: Name,
  trials: z.int().min(0),
  successes: z.number().min(0),
});
export type RungRecord = z.infer<typeof RungRecord>;

/** A passage that speaks of this root cause, and how far it bears on each strategy. */
export const PassagePrior = z.object({
  strategy: Name,
  /** Shift of the expected success, small. */
  shift: z.number().min(-0.1).max(0.1),
  reason: z.string().max(500),
});
export type PassagePrior = z.infer<typeof PassagePrior>;

/** `GET /api/v1/recommendations?rootCause=<metric>&component=<name>` of knowledge. Best action first. */
export const Recommendation = z.object({
  rootCause: MetricName,
  component: Name.nullable(),
  best: ActionBelief.nullable(),
  reason: z.string(),
  actions: z.array(ActionBelief),
  /** How often such violations go away by themselves. */
  selfRecovery: z.object({ trials: z.int().min(0), mean: Ratio, lower: Ratio, upper: Ratio }),
  /** What was seen of each order of trying. */
  ladder: z.array(RungRecord).max(500).optional(),
  /** What runbooks and like incidents say of strategies that have no trials of their own yet. */
  passages: z.array(PassagePrior).max(50).optional(),
});
export type Recommendation = z.infer<typeof Recommendation>;
