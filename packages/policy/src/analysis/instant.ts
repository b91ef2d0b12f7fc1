import { hasNumber, type Spans } from './number-set.ts';
import type { Values } from './value-set.ts';

/** 2026-01-05T12:00:00Z, a Monday noon, as tests in documents assume. */
export const usualInstant = Date.UTC(2026, 0, 5, 12);
const minuteMs = 60_000;
const weekMs = 7 * 24 * 60 * minuteMs;

const spansOf = (values: Values | undefined): Spans | null => (values?.kind === 'number' ? values.spans : null);

/** An instant (epoch milliseconds) that fits what is said about `now`, `hour`, `minute` and `weekday`; null when none does. */
export function instantIn(cube: ReadonlyMap<string, Values>): number | null {
  const now = spansOf(cube.get('now'));
  const [hour, minute, weekday] = [
    spansOf(cube.get('hour')),
    spansOf(cube.get('minute')),
    spansOf(cube.get('weekday')),
  ];
  const fits = (ms: number): boolean => {
    const date = new Date(ms);
    return (
      (hour === null || hasNumber(hour, date.getUTCHours())) &&
      (minute === null || hasNumber(minute, date.getUTCMinutes())) &&
      (weekday === null || hasNumber(weekday, date.getUTCDay()))
    );
  };
  if ((now === null || hasNumber(now, usualInstant)) && fits(usualInstant)) return usualInstant;
  const spans = now ?? [{ least: usualInstant, most: usualInstant + weekMs }];
  for (const { least, most } of spans) {
    const start = Math.min(Math.max(least, usualInstant), Math.max(least, most - weekMs));
    for (const from of start === least ? [least] : [start, least]) {
      const end = Math.min(most, from + weekMs);
      if (fits(from)) return from;
      if (hour === null && minute === null && weekday === null) continue;
      for (let at = (Math.floor(from / minuteMs) + 1) * minuteMs; at <= end; at += minuteMs) if (fits(at)) return at;
    }
  }
  return null;
}
