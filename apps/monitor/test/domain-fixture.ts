import type { Severity } from '@charter/shared/contracts';
import type { AlertRecord } from '../src/domain/alert.ts';
import {
  type Derived,
  deriveViolations,
  type IncidentRecord,
  type Remembered,
  type Surroundings,
} from '../src/domain/derive-violations.ts';
import { fingerprintOf } from '../src/domain/fingerprint.ts';
import type { Inconclusive, Measured, Observation, Subject, Told } from '../src/domain/observation.ts';
import { type Limits, readingOf } from '../src/domain/reading.ts';
import { defaultSettings } from '../src/domain/settings.ts';
import type { SignalState } from '../src/domain/signal-state.ts';
import type { ViolationRecord } from '../src/domain/violation-record.ts';

export const start = Date.UTC(2026, 0, 1);
export const second = 1_000;

export const subject = (component: string, fields: Partial<Subject> = {}): Subject => ({
  fingerprint: fingerprintOf('test', component, fields.rule ?? 'errors'),
  rule: 'errors',
  component,
  metric: 'error_rate',
  severity: 'warning',
  comparator: '>',
  threshold: 10,
  query: 'error_rate',
  description: 'too many errors',
  forSeconds: 0,
  resolveForSeconds: 0,
  ...fields,
});

export const measured = (
  component: string,
  value: number,
  at: number,
  fields: Partial<Subject> = {},
  limits: Partial<Limits> = {},
): Measured => ({
  kind: 'measured',
  subject: subject(component, fields),
  at,
  labels: { component },
  value,
  reading: readingOf(value, { comparator: '>', threshold: 10, resolveThreshold: null, ...limits }),
});

export const told = (component: string, firing: boolean, at: number, fields: Partial<Told> = {}): Told => ({
  kind: 'told',
  source: 'alertmanager',
  subject: subject(component, { query: null, threshold: null }),
  at,
  labels: { component },
  firing,
  value: null,
  startsAt: at,
  suppression: null,
  isPartial: false,
  ...fields,
});

export const nothing = (component: string, at: number): Inconclusive => ({
  kind: 'inconclusive',
  fingerprint: subject(component).fingerprint,
  subject: null,
  at,
  reason: 'unavailable',
  detail: 'did not answer',
});

export const alert = (id: string, fields: Partial<AlertRecord> = {}): AlertRecord => ({
  id,
  fingerprint: 'f',
  firing: true,
  startsAt: start,
  endsAt: null,
  labels: { alertname: 'Errors', component: 'a' },
  annotations: {},
  suppression: null,
  sender: 'http://am',
  listed: false,
  seenAt: start,
  ...fields,
});

/** A monitor's memory without a database: what one pass derives, the next remembers. */
export function createMemory(fields: Partial<Surroundings> = {}) {
  const signals = new Map<string, SignalState>();
  const violations = new Map<string, ViolationRecord>();
  const incidents = new Map<string, IncidentRecord>();
  let ids = 0;
  const newId = (): string => {
    ids += 1;
    return `01ARZ3NDEKTSV4RRFFQ6${String(ids).padStart(6, '0')}`;
  };
  return {
    signals,
    violations,
    incidents,
    signal: (component: string): SignalState | undefined => signals.get(subject(component).fingerprint),
    /** One pass at an instant; answers what it derived. */
    pass(now: number, observations: readonly Observation[], changed: Partial<Surroundings> = {}): Derived {
      const surroundings: Surroundings = {
        environment: 'test',
        settings: defaultSettings,
        windows: [],
        silences: [],
        announcementsLeft: 1_000,
        ...fields,
        ...changed,
      };
      const remembered: Remembered = {
        signals: new Map(signals),
        violations: new Map(violations),
        incidents: new Map(incidents),
      };
      const derived = deriveViolations(remembered, observations, surroundings, now, newId);
      for (const state of derived.signals) signals.set(state.fingerprint, state);
      for (const violation of derived.violations) violations.set(violation.id, violation);
      for (const incident of derived.incidents) incidents.set(incident.component, incident);
      return derived;
    },
  };
}

/** What a pass told, in short: `opened a 1`. */
export const said = ({ announcements }: Derived): string[] =>
  announcements.map(({ kind, violation }) => `${kind} ${violation.component} ${String(violation.revision)}`);

export const ofSeverity = (severity: Severity): Partial<Subject> => ({ severity });
