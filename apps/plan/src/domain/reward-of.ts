import type { OutcomeType } from '@charter/shared/contracts';

const rewards: Readonly<Record<OutcomeType, number | null>> = {
  success: 1,
  partial: 0.5,
  ineffective: 0,
  degradation: 0,
  unknown: null,
};

/** What a choice brought, 0 to 1, as the selection counts it; null when verification could not tell. */
export const rewardOf = (outcome: OutcomeType): number | null => rewards[outcome];
