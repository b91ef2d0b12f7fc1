import { globFrom, globMatches } from '@charter/policy';
import type { Window } from '@charter/shared/contracts';

const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const dayMs = 86_400_000;

const msOf = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return (hours * 60 + minutes) * 60_000;
};

/** Whether a window is open at `now` (epoch milliseconds). A weekly one whose end is before its start ends the next day. */
export function isOpen({ from, until, weekly }: Window, now: number): boolean {
  if (from !== undefined && until !== undefined) return Date.parse(from) <= now && now < Date.parse(until);
  if (weekly === undefined) return false;
  const start = msOf(weekly.start);
  const end = msOf(weekly.end);
  const time = now % dayMs;
  const dayOf = (at: number) => days[new Date(at).getUTCDay()] ?? 'sun';
  const startsOn = (at: number): boolean => weekly.days.includes(dayOf(at));
  if (start < end) return startsOn(now) && start <= time && time < end;
  return (startsOn(now) && time >= start) || (startsOn(now - dayMs) && time < end);
}

/** The windows that are open now, each name once. */
export const openWindows = (windows: readonly Window[], now: number): Window[] =>
  windows.filter((window) => isOpen(window, now));

/** Whether a window is about a target; one without a target is only met by windows for all. */
export const coversTarget = ({ targets }: Window, target: string | undefined): boolean =>
  targets.some((pattern) => globMatches(globFrom(pattern), target ?? '') && (target !== undefined || pattern === '*'));
