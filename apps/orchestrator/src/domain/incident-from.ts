import type { TimelineEntry } from '@charter/shared/contracts';
import { z } from 'zod';
import type { Incident } from './incident.ts';

export type Story = TimelineEntry & { readonly id: string };

const RootCauseRef = z.object({ component: z.string(), metric: z.string(), confidence: z.number() });

/**
 * Derives an incident from its whole timeline, whatever the order in which the entries came in.
 * @returns null while nothing is known of it
 */
export function incidentFrom(entries: readonly Story[], deadlineSeconds: number): Incident | null {
  const story = [...entries].sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
  const first = story[0];
  const last = story.at(-1);
  if (!first || !last) return null;
  const opening = story.find((entry) => entry.event === 'incident-opened') ?? first;
  const incident: Incident = {
    id: first.incidentId,
    environment: textOf(opening, 'environment') ?? 'unknown',
    component: textOf(opening, 'component') ?? 'unknown',
    severity: textOf(opening, 'severity') ?? 'warning',
    state: 'open',
    summary: opening.text,
    rootCause: null,
    strategy: null,
    planId: null,
    executionId: null,
    outcome: null,
    mergedInto: null,
    openedAt: opening.at,
    updatedAt: last.at,
    resolvedAt: null,
    deadlineAt: new Date(Date.parse(opening.at) + deadlineSeconds * 1_000).toISOString(),
    escalatedAt: null,
  };
  return story.reduce((sofar, entry) => overStaysOver(sofar, follow(sofar, entry)), incident);
}

/** What is told after all signals were well again (a verification that ends later, a lesson) opens nothing anew. */
const overStaysOver = (before: Incident, after: Incident): Incident =>
  before.state === 'resolved' ? { ...after, state: 'resolved' } : after;

function follow(incident: Incident, entry: Story): Incident {
  const { event, text } = entry;
  switch (event) {
    case 'incident-opened':
    case 'violation-changed':
    case 'step-started':
    case 'step-completed':
    case 'step-failed':
    case 'learned':
      return { ...incident, severity: worse(incident.severity, textOf(entry, 'severity')) };
    case 'analyzed':
      return {
        ...incident,
        state: incident.state === 'open' ? 'analyzed' : incident.state,
        rootCause: RootCauseRef.safeParse(entry.data.rootCause).data ?? incident.rootCause,
        summary: text,
      };
    case 'merged':
      return { ...incident, state: 'merged', mergedInto: textOf(entry, 'mergedInto'), summary: text };
    case 'planned':
      return {
        ...incident,
        state: 'planned',
        planId: textOf(entry, 'planId'),
        strategy: textOf(entry, 'strategy'),
        summary: text,
      };
    case 'approval-requested':
      return { ...incident, state: 'awaiting-approval', summary: text };
    case 'approval-decided':
      return { ...incident, state: 'planned', summary: text };
    case 'plan-ended':
      return { ...incident, state: 'watching', summary: text };
    case 'execution-started':
      return { ...incident, state: 'executing', executionId: textOf(entry, 'executionId'), summary: text };
    case 'verifying':
      return { ...incident, state: 'verifying', summary: text };
    case 'rolled-back':
      return { ...incident, summary: text };
    case 'verified':
      return { ...incident, state: 'watching', outcome: textOf(entry, 'outcome'), summary: text };
    case 'escalated':
      return { ...incident, escalatedAt: incident.escalatedAt ?? entry.at, summary: text };
    case 'incident-cleared':
    case 'closed':
      return { ...incident, state: incident.state === 'merged' ? 'merged' : 'resolved', resolvedAt: entry.at };
  }
}

const severities = ['info', 'warning', 'critical'];

const worse = (a: string, b: string | null): string =>
  b !== null && severities.indexOf(b) > severities.indexOf(a) ? b : a;

function textOf(entry: Story, key: string): string | null {
  const value = entry.data[key];
  return typeof value === 'string' ? value : null;
}
