import { count, percent, seconds } from './words.ts';

/** A violation that was left alone: whether it went away by itself, and after how long. */
export interface LeftAlone {
  readonly recovered: boolean;
  readonly seconds: number;
}

export interface Hold {
  /** How long such violations may wait before they count; 0: not at all. */
  readonly seconds: number;
  readonly reason: string;
}

/** Cases before waiting is proposed, the share that has to go away by itself (and below which it is taken back), and the longest wait. */
const settings = { fewest: 20, propose: 0.8, takeBack: 0.5, covered: 0.8, longest: 600, change: 5 } as const;

/**
 * How long violations of a metric may wait: long enough for four in five of those that go away by themselves. Null while there
 * is nothing new to say. Monitor keeps it within what the pack allows.
 */
export function holdFrom(metric: string, cases: readonly LeftAlone[], told: number): Hold | null {
  if (cases.length < settings.fewest) return null;
  const recovered = cases.filter((one) => one.recovered).map((one) => one.seconds);
  const share = recovered.length / cases.length;
  const evidence = `${percent(share)} of ${count(cases.length, 'case')} that were left alone went away by themselves`;
  if (share < settings.propose) {
    if (told === 0 || share >= settings.takeBack) return null;
    return { seconds: 0, reason: `Violations of ${metric} no longer wait: only ${evidence}.` };
  }
  const sorted = recovered.toSorted((a, b) => a - b);
  const covering = sorted[Math.ceil(settings.covered * sorted.length) - 1] ?? 0;
  const wait = Math.min(settings.longest, Math.ceil(covering));
  if (Math.abs(wait - told) < settings.change) return null;
  const within = `four in five of them within ${seconds(covering)}`;
  return {
    seconds: wait,
    reason: `Violations of ${metric} may wait ${seconds(wait)} before they count: ${evidence}, ${within}.`,
  };
}
