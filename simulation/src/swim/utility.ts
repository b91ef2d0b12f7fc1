import type { SwimSettings } from './settings.ts';

/** `current` pays for servers that are not needed (SEAMS 2017); `older` does not (ICAC 2016). */
export const utilityNames = ['current', 'older'] as const;
export type UtilityName = (typeof utilityNames)[number];

/** One period as it is scored. */
export interface Period {
  /** Requests a second. */
  readonly arrivalRate: number;
  readonly meanDimmer: number;
  readonly meanServers: number;
  /** Mean response time in seconds. */
  readonly response: number;
}

export const isLate = ({ response }: Period, { threshold }: SwimSettings): boolean => response > threshold;

export function utilityOf(name: UtilityName, period: Period, settings: SwimSettings): number {
  const { arrivalRate: a, meanDimmer: d, meanServers } = period;
  const capacity = settings.maxServers * settings.maxServiceRate;
  const income = a * (1 - d) + 1.5 * a * d;
  if (name === 'older') {
    return isLate(period, settings) ? Math.min(0, 1.5 * a - 1.5 * capacity) : Math.round(income);
  }
  if (isLate(period, settings)) return 1.5 * Math.min(0, a - capacity);
  return d > 1 - 1e-5 ? 1.5 * a + 10 * (settings.maxServers - meanServers) : income;
}
