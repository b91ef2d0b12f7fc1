import type { Severity } from '@charter/shared/contracts';
import type { Change } from './derive-violations.ts';

/** The most severe first. */
export const severityRank: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, info: 2 };

/**
 * Which changes to tell now. Openings and repeats share what is left of the storm window, most severe first and every
 * incident's first before any incident's second; the rest is told when it is confirmed later. Other changes of what was told
 * before always go out.
 */
export function announcementsOf(
  changes: readonly Change[],
  left: number,
): { announcements: readonly Change[]; heldBack: number } {
  const optional = changes.filter(({ kind }) => kind === 'opened' || kind === 'repeated');
  const chosen = new Set(optional.length <= left ? optional : mostPressing(optional).slice(0, Math.max(0, left)));
  const told = new Set([...chosen].map(({ violation }) => violation.id));
  const announcements = changes.filter((change) => {
    if (change.kind === 'opened' || change.kind === 'repeated') return chosen.has(change);
    return change.violation.announcedAt !== null || told.has(change.violation.id);
  });
  return { announcements, heldBack: optional.length - chosen.size };
}

function mostPressing(changes: readonly Change[]): Change[] {
  const perIncident = new Map<string, number>();
  return changes
    .toSorted((a, b) => severityRank[a.violation.severity] - severityRank[b.violation.severity])
    .map((change) => {
      const turn = perIncident.get(change.violation.incidentId) ?? 0;
      perIncident.set(change.violation.incidentId, turn + 1);
      return { change, rank: severityRank[change.violation.severity], turn };
    })
    .sort((a, b) => a.rank - b.rank || a.turn - b.turn)
    .map(({ change }) => change);
}
