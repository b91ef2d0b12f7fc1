import { confidenceAt, intervalOf, meanSeconds, secondsBounds, secondsQuantile } from '@charter/learning';
import { ActionType, AutomationMode, MetricName, Name, Ratio } from '@charter/shared/contracts';
import { z } from 'zod';
import { actionEvidence, type KeyedTally } from './action-evidence.ts';
import type { EarnedModes } from './recommendation-from.ts';

const Rate = z.object({ mean: Ratio, lower: Ratio, upper: Ratio });

/** What is known of one action on one class of targets against one root cause. Rates with their 90 % intervals. */
export const Pattern = z.object({
  rootCause: MetricName,
  action: ActionType,
  targetClass: Name,
  trials: z.int(),
  /** Trials as they weigh today. */
  weight: z.number(),
  success: Rate,
  harm: Rate,
  /** Share of trials in which something beside the problem got worse. */
  sideEffects: Ratio,
  confidence: Ratio,
  timeToEffect: z.object({
    mean: z.number().nullable(),
    p50: z.number().nullable(),
    p90: z.number().nullable(),
    /** Weight of timed trials up to each bound; the last bound is open. */
    buckets: z.array(z.object({ upToSeconds: z.number().nullable(), weight: z.number() })),
  }),
  earned: AutomationMode,
  /** The best known action against this root cause. */
  best: z.boolean(),
});
export type Pattern = z.infer<typeof Pattern>;

/** All patterns, by root cause and then best first. */
export function patternsFrom(tallies: readonly KeyedTally[], earned: EarnedModes, halfLifeDays: number): Pattern[] {
  const all = actionEvidence(tallies, halfLifeDays)
    .filter(({ strategy, tally }) => strategy === null && tally.trials > 0)
    .map(({ rootCause, action, targetClass, tally, success, harm }) => ({
      rootCause,
      action: ActionType.parse(action),
      targetClass,
      trials: tally.trials,
      weight: tally.weight,
      success: intervalOf(success),
      harm: intervalOf(harm),
      sideEffects: tally.weight > 0 ? Math.min(1, tally.sideEffects / tally.weight) : 0,
      confidence: confidenceAt(tally.weight),
      timeToEffect: {
        mean: meanSeconds(tally),
        p50: secondsQuantile(tally, 0.5),
        p90: secondsQuantile(tally, 0.9),
        buckets: tally.buckets.map((weight, index) => ({ upToSeconds: secondsBounds[index] ?? null, weight })),
      },
      earned: earned(action, targetClass),
    }))
    .toSorted((a, b) => a.rootCause.localeCompare(b.rootCause) || b.success.lower - a.success.lower);
  return all.map((one, index) => ({ ...one, best: all[index - 1]?.rootCause !== one.rootCause }));
}
