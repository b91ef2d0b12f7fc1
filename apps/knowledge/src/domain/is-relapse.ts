import type { Outcome } from '@charter/shared/contracts';
import type { LearningSettings } from '../config.ts';

/** Even what healed at once has to hold this long. */
const leastSeconds = 30;

/** How long a success has to hold to be one: the slower the remedy, the longer. */
export function holdSeconds(
  { timeToStabilizeSeconds }: Pick<Outcome, 'timeToStabilizeSeconds'>,
  { relapseFactor, relapseSeconds }: Pick<LearningSettings, 'relapseFactor' | 'relapseSeconds'>,
): number {
  return Math.min(relapseSeconds, Math.max(leastSeconds, relapseFactor * (timeToStabilizeSeconds ?? 0)));
}

/** Whether an incident that opened then shows that an earlier success did not hold. */
export const isRelapse = (
  success: Pick<Outcome, 'at' | 'timeToStabilizeSeconds'>,
  openedAt: Date,
  settings: Pick<LearningSettings, 'relapseFactor' | 'relapseSeconds'>,
): boolean => openedAt.getTime() - Date.parse(success.at) <= 1_000 * holdSeconds(success, settings);
