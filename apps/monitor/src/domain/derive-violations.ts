import type { Severity, Suppression } from '@charter/shared/contracts';
import { announcementsOf, severityRank } from './announce.ts';
import { fingerprintOfObservation, type Observation } from './observation.ts';
import type { MonitorSettings } from './settings.ts';
import { isActive, type SignalState } from './signal-state.ts';
import { isFlapping, stepSignal, unseenSignal } from './step-signal.ts';
import { type SuppressionFacts, suppressionOf } from './suppression.ts';
import { instantOf, openViolation, type ViolationRecord } from './violation-record.ts';

/** The passage of one component from its first violation until all have been quiet. */
export interface IncidentRecord {
  readonly id: string;
  readonly component: string;
  readonly openedAt: number;
  /** Whether any of its violations has been told to the other stages. */
  readonly announced: boolean;
}

/** What is remembered of everything the observations touch. */
export interface Remembered {
  readonly signals: ReadonlyMap<string, SignalState>;
  /** Running episodes, by id. */
  readonly violations: ReadonlyMap<string, ViolationRecord>;
  /** Open incidents, by component. */
  readonly incidents: ReadonlyMap<string, IncidentRecord>;
}

export interface Surroundings extends SuppressionFacts {
  readonly environment: string;
  readonly settings: MonitorSettings;
  /** How many announcements of openings and repeats are left in the running window. */
  readonly announcementsLeft: number;
}

export type ChangeKind = 'opened' | 'changed' | 'repeated' | 'resolved';

/** One step of one violation; `violation` is its revision after the step. */
export interface Change {
  readonly kind: ChangeKind;
  readonly violation: ViolationRecord;
  /** What differs, in words. */
  readonly reason: string;
}

export interface Derived {
  /** Every signal that was looked at, as it is now. */
  readonly signals: readonly SignalState[];
  /** Every violation that differs, as it is now. */
  readonly violations: readonly ViolationRecord[];
  /** Every incident that was opened or told of, as it is now. */
  readonly incidents: readonly IncidentRecord[];
  /** What to tell the other stages, in order. */
  readonly announcements: readonly Change[];
  /** All changes, told or not. */
  readonly changes: readonly Change[];
  /** Changes that wait for the storm to pass. */
  readonly heldBack: number;
}

/**
 * Derives what differs from what was observed. Level-triggered: the same observations again change nothing but repeat what
 * is due, so that a lost event heals itself. Linear in the observations.
 */
export function deriveViolations(
  remembered: Remembered,
  observations: readonly Observation[],
  surroundings: Surroundings,
  now: number,
  newId: () => string,
): Derived {
  const { environment, settings } = surroundings;
  const signals = new Map<string, SignalState>();
  const violations = new Map<string, ViolationRecord>();
  const incidents = new Map<string, IncidentRecord>();
  const changes: Change[] = [];

  for (const observation of observations) {
    const fingerprint = fingerprintOfObservation(observation);
    const previous = signals.get(fingerprint) ?? remembered.signals.get(fingerprint) ?? freshSignal(observation);
    if (previous === null) continue;
    const step = stepSignal(previous, observation, settings);
    signals.set(fingerprint, step.state);
    if (step.event === 'fired') open(observation, step.state, step.startedAt ?? now);
    else if (isActive(previous)) follow(observation, step.state, step.event);
  }

  function open(observation: Observation, state: SignalState, startedAt: number): void {
    const { subject } = observation;
    if (subject === null) return;
    const incident = incidentOf(subject.component);
    const flapping = isFlapping(state, now, settings);
    const facts = { id: newId(), incidentId: incident.id, environment, startedAt, flapping };
    const opened = openViolation(facts, subject, state, now);
    const violation = { ...opened, suppressed: suppressionFor(opened, state.alertSuppression) };
    signals.set(state.fingerprint, { ...state, violationId: violation.id });
    remember('opened', violation, flapping ? 'fires again; it is flapping' : 'fires');
  }

  function follow(
    observation: Observation,
    state: SignalState,
    event: 'confirmed' | 'resolved' | 'fired' | null,
  ): void {
    const id = state.violationId;
    const current = id === null ? undefined : (violations.get(id) ?? remembered.violations.get(id));
    if (!current) return;
    if (event === 'resolved') {
      const value = observation.kind === 'measured' ? observation.value : current.value;
      const resolved = { ...current, state: 'resolved' as const, value, resolvedAt: instantOf(now) };
      signals.set(state.fingerprint, { ...state, violationId: null });
      remember('resolved', revised(resolved), reasonOfEnd(observation));
      return;
    }
    const fresh = event === 'confirmed' ? observation.subject : null;
    const wanted: ViolationRecord = {
      ...current,
      severity: fresh ? severityAfter(current.severity, fresh.severity, observation) : current.severity,
      threshold: fresh ? fresh.threshold : current.threshold,
      comparator: fresh?.comparator ?? current.comparator,
      query: fresh ? fresh.query : current.query,
      flapping: isFlapping(state, now, settings),
      suppressed: suppressionFor(current, state.alertSuppression),
    };
    const reason = differenceOf(current, wanted);
    const withValue = event === 'confirmed' ? { ...wanted, value: state.value ?? wanted.value } : wanted;
    if (reason !== null) remember('changed', revised(withValue), reason);
    else if (event === 'confirmed' && isDue(current)) remember('repeated', revised(withValue), 'keeps firing');
  }

  function isDue({ announcedAt }: ViolationRecord): boolean {
    return announcedAt === null || now - announcedAt >= settings.renotifySeconds * 1_000;
  }

  function suppressionFor(violation: ViolationRecord, alert: Suppression | null): Suppression | null {
    const { component } = violation;
    return suppressionOf({ component, labels: silenceLabelsOf(violation), alert }, surroundings, now);
  }

  function remember(kind: ChangeKind, violation: ViolationRecord, reason: string): void {
    violations.set(violation.id, violation);
    changes.push({ kind, violation, reason });
  }

  function incidentOf(component: string): IncidentRecord {
    const known = incidents.get(component) ?? remembered.incidents.get(component);
    if (known) return known;
    const opened = { id: newId(), component, openedAt: now, announced: false };
    incidents.set(component, opened);
    return opened;
  }

  const { announcements, heldBack } = announcementsOf(changes, surroundings.announcementsLeft);
  for (const { violation } of announcements) {
    const latest = violations.get(violation.id) ?? violation;
    violations.set(violation.id, { ...latest, announcedAt: now });
    const incident = incidents.get(violation.component) ?? remembered.incidents.get(violation.component);
    if (incident && !incident.announced) incidents.set(violation.component, { ...incident, announced: true });
  }
  const traced = changes.filter(
    ({ kind, violation }) => kind !== 'repeated' || violations.get(violation.id)?.announcedAt === now,
  );
  for (const { kind, violation } of changes) {
    // A repeat that nobody was told leaves no trace: its revision was never seen.
    if (kind === 'repeated' && violations.get(violation.id) === violation) violations.delete(violation.id);
  }
  return {
    signals: [...signals.values()],
    violations: [...violations.values()],
    incidents: [...incidents.values()],
    announcements,
    changes: traced,
    heldBack,
  };
}

const revised = (violation: ViolationRecord): ViolationRecord => ({ ...violation, revision: violation.revision + 1 });

/** A signal nobody remembers; without a subject there is nothing to start from. */
function freshSignal(observation: Observation): SignalState | null {
  if (observation.subject === null) return null;
  const { fingerprint, rule, component, metric } = observation.subject;
  return unseenSignal(fingerprint, rule, component, metric);
}

/** The labels a silence's matchers are tried on: those of the violation, and its identity under the usual names. */
const silenceLabelsOf = ({ labels, rule, component, severity }: ViolationRecord): Record<string, string> => ({
  alertname: rule,
  ...labels,
  charter_rule: rule,
  component,
  severity,
});

function severityAfter(current: Severity, said: Severity, observation: Observation): Severity {
  const isPartial = observation.kind === 'told' && observation.isPartial;
  return isPartial && severityRank[said] > severityRank[current] ? current : said;
}

function differenceOf(current: ViolationRecord, wanted: ViolationRecord): string | null {
  const said: string[] = [];
  if (current.severity !== wanted.severity) said.push(`severity ${current.severity} is now ${wanted.severity}`);
  if (current.threshold !== wanted.threshold || current.comparator !== wanted.comparator) {
    said.push(`the threshold is now ${wanted.comparator} ${String(wanted.threshold)}`);
  }
  if (current.query !== wanted.query) said.push('its query changed');
  if (JSON.stringify(current.suppressed) !== JSON.stringify(wanted.suppressed)) {
    said.push(
      wanted.suppressed
        ? `suppressed by ${wanted.suppressed.by} ${wanted.suppressed.reference}`
        : 'no longer suppressed',
    );
  }
  if (!current.flapping && wanted.flapping) said.push('it is flapping');
  return said.length === 0 ? null : said.join(', ');
}

function reasonOfEnd(observation: Observation): string {
  switch (observation.kind) {
    case 'withdrawn':
      return observation.reason;
    case 'inconclusive':
      return 'closed: nothing conclusive was heard of it for too long';
    case 'measured':
    case 'told':
    case 'standing':
      return 'is resolved';
  }
}
