import type { Labels, Violation } from '@charter/shared/contracts';
import type { Subject } from './observation.ts';
import type { SignalState } from './signal-state.ts';

/** A violation as Monitor keeps it. */
export interface ViolationRecord extends Violation {
  /** When the newest revision was told to the other stages; null when it never was. Milliseconds. */
  readonly announcedAt: number | null;
  readonly flapping: boolean;
}

export const instantOf = (ms: number): string => new Date(ms).toISOString();

/** Cuts labels and texts of others to what the contract takes. */
export function boundedLabels(labels: Labels): Labels {
  const bounded: Labels = {};
  for (const [name, value] of Object.entries(labels)) {
    if (name.length <= 200) bounded[name] = value.length <= 2_000 ? value : value.slice(0, 2_000);
  }
  return bounded;
}

/** The first revision of a new episode. */
export function openViolation(
  facts: { id: string; incidentId: string; environment: string; startedAt: number; flapping: boolean },
  subject: Subject,
  state: SignalState,
  now: number,
): ViolationRecord {
  return {
    id: facts.id,
    fingerprint: state.fingerprint,
    episode: state.episode,
    revision: 1,
    incidentId: facts.incidentId,
    environment: facts.environment,
    rule: subject.rule,
    component: subject.component,
    metric: subject.metric,
    severity: subject.severity,
    state: 'firing',
    value: state.value,
    threshold: subject.threshold,
    comparator: subject.comparator,
    labels: boundedLabels(state.labels),
    description: subject.description,
    source: state.source,
    query: subject.query,
    startedAt: instantOf(Math.min(facts.startedAt, now)),
    detectedAt: instantOf(now),
    resolvedAt: null,
    suppressed: null,
    announcedAt: null,
    flapping: facts.flapping,
  };
}
