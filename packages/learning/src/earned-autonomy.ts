import { regularizedBeta } from './beta-distribution.ts';
import { evidenceBelow, rateAtMost } from './sequential-evidence.ts';

export type EarnedMode = 'observe' | 'approve' | 'auto';

/** What autonomy takes, by how much an action can break. */
export interface AutonomyTier {
  readonly name: 'low' | 'medium' | 'high';
  /** Verified success is at least, harm at most this, by bounds that hold at any time. */
  readonly successAtLeast: number;
  readonly harmAtMost: number;
  /** Own verified cases, over so many days, after so many that were only observed. */
  readonly cases: number;
  readonly days: number;
  readonly observed: number;
  /** So many harmful cases of the last ten end autonomy. */
  readonly harmsToDemote: number;
  /** Clean cases in a row before what was lost can be earned again. */
  readonly requalify: number;
}

/** 30 clean cases bound harm near 10 %, 300 near 1 %: the higher tiers need evidence pooled over like targets. */
export const autonomyTiers = {
  low: {
    name: 'low',
    successAtLeast: 0.5,
    harmAtMost: 0.1,
    cases: 10,
    days: 14,
    observed: 3,
    harmsToDemote: 1,
    requalify: 5,
  },
  medium: {
    name: 'medium',
    successAtLeast: 0.6,
    harmAtMost: 0.05,
    cases: 15,
    days: 21,
    observed: 5,
    harmsToDemote: 1,
    requalify: 10,
  },
  high: {
    name: 'high',
    successAtLeast: 0.7,
    harmAtMost: 0.01,
    cases: 20,
    days: 42,
    observed: 5,
    harmsToDemote: 1,
    requalify: 20,
  },
} as const satisfies Record<AutonomyTier['name'], AutonomyTier>;

/** Tier of a risk in [0, 1]: low below 0.3, high from 0.6. */
export const tierOf = (risk: number): AutonomyTier =>
  risk < 0.3 ? autonomyTiers.low : risk < 0.6 ? autonomyTiers.medium : autonomyTiers.high;

/** Chance of being promoted by luck alone, over all time: by false success, and by harm that has not shown yet. */
export const luck = { success: 0.01, harm: 0.1 } as const;
/** What like targets show counts by this much; the bound stays valid (a martingale to a power below one is one). */
export const pooledWeight = 1;

/** One incident in which an action was, or would have been, what to do. */
export interface AutonomyCase {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** False: only observed. */
  readonly acted: boolean;
  /** 1, ½ or 0. */
  readonly success: number;
  readonly harm: boolean;
}

/** What else bears on a promotion. */
export interface AutonomySurroundings {
  /** Upper bound of how often the problem goes away by itself; success must beat it. */
  readonly selfRecoveryAtMost: number;
  /** Verified cases of like targets, how far they succeeded, and how many of them did harm. */
  readonly likeCases: number;
  readonly likeSuccesses: number;
  readonly likeHarms: number;
}

export interface AutonomyRecord {
  readonly mode: EarnedMode;
  readonly since: number;
  readonly reason: string;
  readonly firstAt: number | null;
  readonly lastAt: number;
  readonly observed: number;
  readonly cases: number;
  readonly successes: number;
  readonly harms: number;
  /** The last ten verified cases, oldest first. */
  readonly recent: ReadonlyArray<Pick<AutonomyCase, 'success' | 'harm'>>;
  /** Cases without harm since the last demotion; null when never demoted. */
  readonly cleanSinceDemotion: number | null;
}

export const unproven: AutonomyRecord = {
  mode: 'observe',
  since: 0,
  reason: 'nothing is known yet',
  firstAt: null,
  lastAt: 0,
  observed: 0,
  cases: 0,
  successes: 0,
  harms: 0,
  recent: [],
  cleanSinceDemotion: null,
};

const remembered = 10;
const failuresToDemote = 3;
/** So many failures by chance alone, given the record before: then something changed. */
const unlikely = 0.05;
const dayMs = 86_400_000;

/** One more case: counts it, and says which mode is earned now and why. Down at once, up only on evidence. */
export function observeCase(
  before: AutonomyRecord,
  one: AutonomyCase,
  tier: AutonomyTier,
  surroundings: AutonomySurroundings,
): AutonomyRecord {
  const record = counted(before, one);
  const lost = regressOf(record, one, tier);
  if (lost) return { ...record, ...lost, since: one.at, cleanSinceDemotion: 0 };
  if (record.mode === 'observe' && record.observed + record.cases >= needed(record, tier.observed, tier)) {
    const seen = record.observed + record.cases;
    const reason = `${String(seen)} cases were seen in which it was the thing to do; people may now approve it`;
    return { ...record, mode: 'approve', since: one.at, reason };
  }
  if (record.mode === 'approve' && isEarned(record, tier, surroundings)) {
    return { ...record, mode: 'auto', since: one.at, reason: reasonForAuto(record, surroundings) };
  }
  return record;
}

function counted(record: AutonomyRecord, { at, acted, success, harm }: AutonomyCase): AutonomyRecord {
  const firstAt = record.firstAt ?? at;
  const clean = record.cleanSinceDemotion === null ? null : record.cleanSinceDemotion + 1;
  if (!acted) {
    return { ...record, firstAt, lastAt: at, observed: record.observed + 1, cleanSinceDemotion: clean };
  }
  return {
    ...record,
    firstAt,
    lastAt: at,
    cases: record.cases + 1,
    successes: record.successes + success,
    harms: record.harms + (harm ? 1 : 0),
    recent: [...record.recent, { success, harm }].slice(-remembered),
    cleanSinceDemotion: clean === null ? null : harm ? 0 : clean,
  };
}

const needed = ({ cleanSinceDemotion }: AutonomyRecord, fresh: number, tier: AutonomyTier): number =>
  cleanSinceDemotion === null || cleanSinceDemotion >= tier.requalify ? fresh : Number.POSITIVE_INFINITY;

function regressOf(
  { mode, recent, cases, successes }: AutonomyRecord,
  { acted, harm }: AutonomyCase,
  tier: AutonomyTier,
): Pick<AutonomyRecord, 'mode' | 'reason'> | null {
  if (!acted) return null;
  const harms = recent.filter((one) => one.harm).length;
  const worse = `it made things worse in ${String(harms)} of its last ${String(recent.length)} cases`;
  if (mode === 'auto' && harm && harms >= tier.harmsToDemote) return { mode: 'approve', reason: worse };
  if (mode === 'approve' && harm && harms >= failuresToDemote) return { mode: 'observe', reason: worse };
  if (mode !== 'auto') return null;
  const failures = recent.filter(({ success }) => success < 0.5).length;
  const lately = recent.slice(-failuresToDemote - 1);
  const row = lately.filter(({ success }) => success < 0.5).length;
  const record = cases - successes - failures;
  const usual = (Math.max(0, record) + 0.5) / (cases - recent.length + 1);
  const byChance = failures === 0 ? 1 : regularizedBeta(usual, failures, recent.length - failures + 1);
  if (row >= failuresToDemote || (failures >= failuresToDemote && byChance < unlikely)) {
    const said = `it did not help in ${String(failures)} of its last ${String(recent.length)} cases`;
    return { mode: 'approve', reason: `${said}, against ${share(usual)} before` };
  }
  return null;
}

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

const isEarned = (record: AutonomyRecord, tier: AutonomyTier, around: AutonomySurroundings): boolean =>
  conditions.every((condition) => condition(record, tier, around).met);

/** What is still missing for `auto`, in words; empty when it is earned. */
export const missingForAuto = (record: AutonomyRecord, tier: AutonomyTier, around: AutonomySurroundings): string[] =>
  conditions
    .map((condition) => condition(record, tier, around))
    .filter(({ met }) => !met)
    .map(({ missing }) => missing());

function reasonForAuto(record: AutonomyRecord, around: AutonomySurroundings): string {
  const { cases, failures, harms } = pooled(record, around);
  return (
    `${String(record.cases)} verified cases, with ${String(around.likeCases)} of like targets, show success of at least ` +
    `${share(1 - rateAtMost(failures, cases, luck.success))} and harm of at most ${share(rateAtMost(harms, cases, luck.harm))}`
  );
}

const share = (rate: number): string => `${(rate * 100).toFixed(rate < 0.1 ? 1 : 0)} %`;
