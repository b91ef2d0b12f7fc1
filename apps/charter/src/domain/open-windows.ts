import { globFrom, globMatches } from '@charter/policy';
import { isWindowOpen, type Window } from '@charter/shared/contracts';

/** The windows that are open now, each name once. */
export const openWindows = (windows: readonly Window[], now: number): Window[] =>
  windows.filter((window) => isWindowOpen(window, now));

/** Whether a window is about a target; one without a target is only met by windows for all. */
export const coversTarget = ({ targets }: Window, target: string | undefined): boolean =>
  targets.some((pattern) => globMatches(globFrom(pattern), target ?? '') && (target !== undefined || pattern === '*'));
