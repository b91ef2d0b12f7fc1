import type { Window } from './pack.ts';

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const dayMs = 86_400_000;

const msOf = (clock: string): number => (Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))) * 60_000;

/** Whether a window is open at `now` (epoch milliseconds). A weekly one whose end is before its start ends the next day. */
export const isWindowOpen = (window: Window, now: number): boolean => endOfWindow(window, now) !== null;

/** When a window that is open at `now` closes, in epoch milliseconds; null when it is not open. */
export function endOfWindow({ from, until, weekly }: Window, now: number): number | null {
  if (from !== undefined && until !== undefined) {
    const end = Date.parse(until);
    return Date.parse(from) <= now && now < end ? end : null;
  }
  if (weekly === undefined) return null;
  const [start, end] = [msOf(weekly.start), msOf(weekly.end)];
  const midnight = Math.floor(now / dayMs) * dayMs;
  const time = now - midnight;
  const startsOn = (at: number): boolean => weekly.days.includes(days[new Date(at).getUTCDay()] ?? 'sun');
  if (start < end) return startsOn(now) && start <= time && time < end ? midnight + end : null;
  if (startsOn(now) && time >= start) return midnight + dayMs + end;
  return startsOn(now - dayMs) && time < end ? midnight + end : null;
}
