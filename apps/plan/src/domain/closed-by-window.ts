import { endOfWindow, type Instant, type Window } from '@charter/shared/contracts';
import { matchesAny } from './matches-glob.ts';

const kept = {
  freeze: 'nothing automatic is done in it',
  maintenance: 'people are at work there',
} as const;

/** The window that keeps automation off one of the targets now, in words; null when none does. */
export function closedByWindow(targets: readonly string[], windows: readonly Window[], now: Instant): string | null {
  for (const window of windows) {
    if (window.type === 'hours') continue;
    const target = targets.find((name) => matchesAny(window.targets, [name]));
    const end = target === undefined ? null : endOfWindow(window, Date.parse(now));
    if (target === undefined || end === null) continue;
    const until = new Date(end).toISOString();
    return `window ${window.metadata.name} (${window.type}) covers ${target} until ${until}: ${kept[window.type]}`;
  }
  return null;
}
