import {
  type AutonomyRecord,
  type AutonomySurroundings,
  luck,
  missingForAuto,
  pooledWeight,
  rateAtLeast,
  rateAtMost,
  tierOf,
} from '@charter/learning';
import { ActionType, AutomationMode, actionProfiles, Instant, Name, Ratio } from '@charter/shared/contracts';
import { z } from 'zod';
import type { AutonomySubject } from './autonomy-cases.ts';
import type { EarnedModes } from './recommendation-from.ts';

const Change = z.object({ from: AutomationMode, to: AutomationMode, reason: z.string(), at: Instant });

/** What an action earned on a class of targets, on which record, and what it takes to go on. */
export const AutonomyView = z.object({
  /** `*` where the policy of the acts is not known. */
  policy: z.string(),
  action: ActionType,
  targetClass: Name,
  tier: z.enum(['low', 'medium', 'high']),
  mode: AutomationMode,
  since: Instant,
  reason: z.string(),
  observed: z.int(),
  cases: z.int(),
  successes: z.number(),
  harms: z.int(),
  likeCases: z.int(),
  likeHarms: z.int(),
  /** Bounds that hold at all times together: 99 % for success, 90 % for harm. */
  successAtLeast: Ratio,
  harmAtMost: Ratio,
  required: z.object({ successAtLeast: Ratio, harmAtMost: Ratio, cases: z.int(), days: z.number() }),
  /** What is missing for `auto`; empty when it is earned. */
  missing: z.array(z.string()),
  changes: z.array(Change),
});
export type AutonomyView = z.infer<typeof AutonomyView>;

export function autonomyView(
  subject: AutonomySubject & { readonly record: AutonomyRecord },
  around: AutonomySurroundings,
  changes: ReadonlyArray<z.infer<typeof Change>>,
): AutonomyView {
  const { policy, action, targetClass, record } = subject;
  const tier = tierOf(actionProfiles[action].risk);
  const cases = record.cases + pooledWeight * around.likeCases;
  const successes = record.successes + pooledWeight * around.likeSuccesses;
  const harms = record.harms + pooledWeight * around.likeHarms;
  return {
    policy,
    action,
    targetClass,
    tier: tier.name,
    mode: record.mode,
    since: new Date(record.since).toISOString(),
    reason: record.reason,
    observed: record.observed,
    cases: record.cases,
    successes: record.successes,
    harms: record.harms,
    likeCases: around.likeCases,
    likeHarms: around.likeHarms,
    successAtLeast: Math.max(0, rateAtLeast(successes, cases, luck.success)),
    harmAtMost: rateAtMost(harms, cases, luck.harm),
    required: {
      successAtLeast: Math.max(tier.successAtLeast, around.selfRecoveryAtMost),
      harmAtMost: tier.harmAtMost,
      cases: tier.cases,
      days: tier.days,
    },
    missing: record.mode === 'auto' ? [] : missingForAuto(record, tier, around),
    changes: changes.map(({ from, to, reason, at }) => ({ from, to, reason, at })),
  };
}

const order: readonly AutomationMode[] = ['observe', 'approve', 'auto'];

/** Mode by action and class, of several policies the lowest; what was never seen has earned nothing. */
export function earnedModesFrom(
  states: ReadonlyArray<AutonomySubject & { readonly record: AutonomyRecord }>,
): EarnedModes {
  const lowest = new Map<string, AutomationMode>();
  for (const { action, targetClass, record } of states) {
    const key = `${action} on ${targetClass}`;
    const known = lowest.get(key);
    if (known === undefined || order.indexOf(record.mode) < order.indexOf(known)) lowest.set(key, record.mode);
  }
  return (action, targetClass) => lowest.get(`${action} on ${targetClass}`) ?? 'observe';
}
