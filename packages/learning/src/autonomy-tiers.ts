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
    cases: 12,
    days: 14,
    observed: 5,
    harmsToDemote: 1,
    requalify: 10,
  },
  high: {
    name: 'high',
    successAtLeast: 0.7,
    harmAtMost: 0.01,
    cases: 20,
    days: 28,
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
/**
 * What like targets show counts by this much beside the own record. The bounds then speak of the rate that like targets share;
 * the own record must not contradict it.
 */
export const pooledWeight = 1;
