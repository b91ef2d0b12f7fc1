import type { Change } from '@charter/learning';

/** A share in [0, 1] as people read it. */
export const percent = (share: number): string => `${String(Math.round(share * 100))} %`;

export const count = (many: number, noun: string): string => `${String(many)} ${noun}${many === 1 ? '' : 's'}`;

/** Seconds with as many digits as matter. */
export const seconds = (value: number): string => `${value < 10 ? value.toFixed(1) : String(Math.round(value))} s`;

/** That something works otherwise than it did. */
export const changeText = ({ at, before, since, trials, everywhere }: Change & { everywhere?: boolean }): string =>
  `${everywhere ? 'against whatever cause ' : ''}it helped in ${percent(before)} of cases until ${new Date(at).toISOString()}, and in ${percent(since)} of ${count(trials, 'trial')} since`;

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
