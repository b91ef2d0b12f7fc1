import type { AutonomyRecord, AutonomySurroundings } from './autonomy-record.ts';
import { type AutonomyTier, luck, pooledWeight } from './autonomy-tiers.ts';
import { evidenceBelow, rateAtMost } from './sequential-evidence.ts';

const dayMs = 86_400_000;

/** Success that autonomy has to show: the tier's, and more than the problem's own recovery. */
const successBar = (tier: AutonomyTier, { selfRecoveryAtMost }: AutonomySurroundings): number =>
  Math.min(0.99, Math.max(tier.successAtLeast, selfRecoveryAtMost));

/** The own record together with that of like targets. */
function pooled({ cases, successes, harms }: AutonomyRecord, around: AutonomySurroundings) {
  const all = cases + pooledWeight * around.likeCases;
  return {
    cases: all,
    failures: all - successes - pooledWeight * around.likeSuccesses,
    harms: harms + pooledWeight * around.likeHarms,
  };
}

type Condition = (
  record: AutonomyRecord,
  tier: AutonomyTier,
  around: AutonomySurroundings,
) => { readonly met: boolean; readonly missing: () => string };

/** What `auto` takes, cheapest first. */
const conditions: readonly Condition[] = [
  ({ cases }, tier) => ({
    met: cases >= tier.cases,
    missing: () => `${String(tier.cases - cases)} more verified cases`,
  }),
  ({ firstAt, lastAt }, { days }) => {
    const seen = firstAt === null ? 0 : (lastAt - firstAt) / dayMs;
    return { met: seen >= days, missing: () => `${String(Math.ceil(days - seen))} more days of record` };
  },
  ({ cleanSinceDemotion }, { requalify }) => ({
    met: cleanSinceDemotion === null || cleanSinceDemotion >= requalify,
    missing: () => `${String(requalify - (cleanSinceDemotion ?? 0))} more clean cases since it was demoted`,
  }),
  ({ cases, harms }, { harmAtMost }) => ({
    met: harms < 1 + harmAtMost * cases,
    missing: () =>
      `a record of its own with harm in at most ${share(harmAtMost)}, not ${String(harms)} of ${String(cases)}`,
  }),
  (record, tier, around) => {
    const bar = successBar(tier, around);
    return {
      met: record.successes >= bar * record.cases,
      missing: () => `a record of its own with success in at least ${share(bar)}`,
    };
  },
  (record, tier, around) => {
    const bar = successBar(tier, around);
    const { cases, failures } = pooled(record, around);
    return {
      met: evidenceBelow(1 - bar, failures, cases) >= -Math.log(luck.success),
      missing: () =>
        `success shown to be at least ${share(bar)}; so far at least ${share(1 - rateAtMost(failures, cases, luck.success))}`,
    };
  },
  (record, tier, around) => {
    const { cases, harms } = pooled(record, around);
    return {
      met: evidenceBelow(tier.harmAtMost, harms, cases) >= -Math.log(luck.harm),
      missing: () =>
        `harm shown to be at most ${share(tier.harmAtMost)}; so far at most ${share(rateAtMost(harms, cases, luck.harm))}`,
    };
  },
];

/** Whether `auto` is earned. */
export const isEarned = (record: AutonomyRecord, tier: AutonomyTier, around: AutonomySurroundings): boolean =>
  conditions.every((condition) => condition(record, tier, around).met);

/** What is still missing for `auto`, in words; empty when it is earned. */
export const missingForAuto = (record: AutonomyRecord, tier: AutonomyTier, around: AutonomySurroundings): string[] =>
  conditions
    .map((condition) => condition(record, tier, around))
    .filter(({ met }) => !met)
    .map(({ missing }) => missing());

/** Why it is, in words. */
export function reasonForAuto(record: AutonomyRecord, around: AutonomySurroundings): string {
  const { cases, failures, harms } = pooled(record, around);
  return (
    `${String(record.cases)} verified cases, with ${String(around.likeCases)} of like targets, show success of at least ` +
    `${share(1 - rateAtMost(failures, cases, luck.success))} and harm of at most ${share(rateAtMost(harms, cases, luck.harm))}`
  );
}

/** A rate as people read it, with a digit more where it is small. */
export const share = (rate: number): string => `${(rate * 100).toFixed(rate < 0.1 ? 1 : 0)} %`;
