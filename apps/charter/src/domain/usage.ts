import type { LimitDuty } from '@charter/policy';

/** How many other plans acted under the same rule, within a minute and within a day. */
export interface Usage {
  readonly minute: number;
  readonly day: number;
}

/** Whether a limit needs counting here: bounds on an hour travel with the decision and are kept where it is carried out. */
export const isCounted = ({ perMinute, perDay }: LimitDuty): boolean => perMinute !== null || perDay !== null;

/** Which bound is used up, in words; null while there is room for one more. */
export function usedUp({ perMinute, perDay }: LimitDuty, { minute, day }: Usage): string | null {
  if (perMinute !== null && minute >= perMinute)
    return `${String(perMinute)} a minute are allowed and ${String(minute)} were done`;
  if (perDay !== null && day >= perDay) return `${String(perDay)} a day are allowed and ${String(day)} were done`;
  return null;
}
