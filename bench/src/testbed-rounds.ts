import {
  type Derived,
  deriveViolations,
  type IncidentRecord,
  type Remembered,
} from '@charter/app-monitor/derive-violations';
import { observeQuery } from '@charter/app-monitor/observe-query';
import { defaultSettings as settings } from '@charter/app-monitor/settings';
import { storedWatchFrom } from '@charter/app-monitor/watch';
import { pack } from './testbed-pack.ts';
import { instantAt, type TestbedPrometheus } from './testbed-prometheus.ts';

const environment = 'demo';
const { rules } = storedWatchFrom({ id: environment, ...pack });
/** `npm start` looks this often. */
const cycleSeconds = 5;
/** The alert of this rule is evaluated every second and told at once. */
const alerted = 'failing';

type Violation = Derived['violations'][number];

/** Monitor's rounds with their memory in maps instead of tables. */
export interface Rounds {
  /** Asks what is due at a second of the virtual clock. @returns the violations that opened */
  watch(second: number): readonly Violation[];
  /** What fires of an incident now. */
  firing(incidentId: string): readonly Violation[];
  /** Incidents opened so far. */
  opened(): readonly IncidentRecord[];
}

/** `phase`: the second, of the five between two cycles, in which a cycle falls. */
export function roundsOn(prometheus: TestbedPrometheus, phase: number): Rounds {
  const signals = new Map<string, Derived['signals'][number]>();
  const violations = new Map<string, Violation>();
  const incidents = new Map<string, IncidentRecord>();
  const quietSince = new Map<string, number>();
  const opened: IncidentRecord[] = [];
  let ids = 0;

  function watch(second: number): readonly Violation[] {
    const now = instantAt(second).getTime();
    forgetQuiet(second);
    const due = rules.filter(({ name }) => name === alerted || second % cycleSeconds === phase);
    const observations = due.flatMap((rule) => {
      const samples = prometheus.vector(rule.query ?? '').map((sample) => ({ ...sample, at: now }));
      const active = [...signals.values()].filter((signal) => signal.rule === rule.name && signal.violationId !== null);
      return observeQuery(rule, { kind: 'vector', samples }, active, { environment, settings }, now).observations;
    });
    const remembered: Remembered = { signals, violations, incidents };
    const surroundings = { environment, settings, windows: [], silences: [], announcementsLeft: 1_000 };
    const derived = deriveViolations(remembered, observations, surroundings, now, () => `id-${String(++ids)}`);
    for (const signal of derived.signals) signals.set(signal.fingerprint, signal);
    for (const violation of derived.violations) {
      if (violation.state === 'firing') violations.set(violation.id, violation);
      else violations.delete(violation.id);
    }
    for (const incident of derived.incidents) {
      if (!incidents.has(incident.component)) opened.push(incident);
      incidents.set(incident.component, incident);
    }
    return derived.changes.filter(({ kind }) => kind === 'opened').map(({ violation }) => violation);
  }

  /** An incident is cleared when nothing of it has fired for a while; until then what fires again joins it. */
  function forgetQuiet(second: number): void {
    for (const [component, { id }] of incidents) {
      if (firing(id).length > 0) quietSince.delete(id);
      else if (!quietSince.has(id)) quietSince.set(id, second);
      else if (second - Number(quietSince.get(id)) >= settings.incidentQuietSeconds) incidents.delete(component);
    }
  }

  const firing = (incidentId: string): readonly Violation[] =>
    [...violations.values()].filter((violation) => violation.incidentId === incidentId);

  return { watch, firing, opened: () => opened };
}
