import {
  type Derived,
  deriveViolations,
  type IncidentRecord,
  type Remembered,
} from '@charter/app-monitor/derive-violations';
import { observeQuery } from '@charter/app-monitor/observe-query';
import { defaultSettings } from '@charter/app-monitor/settings';
import { storedWatchFrom } from '@charter/app-monitor/watch';
import type { Violation } from '@charter/shared/contracts';
import { environment, pack } from './demo-pack.ts';
import { idsFrom } from './ids.ts';
import { instantAt, type ScrapedTestbed } from './scraped-testbed.ts';

const { rules } = storedWatchFrom({ id: environment, ...pack });
/** `npm start` looks this often, and tells of what keeps firing this often. */
const cycleSeconds = 5;
const settings = { ...defaultSettings, renotifySeconds: 10 };
/** The alert of this rule is evaluated every second and told at once. */
const alerted = 'failing';

type Change = Derived['changes'][number];

/** Monitor's rounds with their memory in maps instead of tables. */
export interface Monitor {
  /** Asks what is due at a second of the virtual clock. @returns what changed, and what the other stages are told */
  watch(second: number): { readonly changes: readonly Change[]; readonly told: readonly Violation[] };
  /** What fires of an incident now. */
  firing(incidentId: string): readonly Violation[];
  /** The latest episode of a violation. */
  find(fingerprint: string): Violation | null;
  firingComponents(): ReadonlySet<string>;
  /** Incidents opened so far. */
  opened(): readonly IncidentRecord[];
}

export interface MonitorOptions {
  /** The second, of the five between two cycles, in which a cycle falls. */
  readonly phase: number;
  readonly newId?: () => string;
}

export function monitorOn(
  scraped: Pick<ScrapedTestbed, 'vector'>,
  { phase, newId = idsFrom(0) }: MonitorOptions,
): Monitor {
  const signals = new Map<string, Derived['signals'][number]>();
  const violations = new Map<string, Derived['violations'][number]>();
  const latest = new Map<string, Violation>();
  const incidents = new Map<string, IncidentRecord>();
  const quietSince = new Map<string, number>();
  const opened: IncidentRecord[] = [];

  function watch(second: number): ReturnType<Monitor['watch']> {
    const now = instantAt(second).getTime();
    forgetQuiet(second);
    const due = rules.filter(({ name }) => name === alerted || second % cycleSeconds === phase);
    const observations = due.flatMap((rule) => {
      const samples = scraped.vector(rule.query ?? '').map((sample) => ({ ...sample, at: now }));
      const active = [...signals.values()].filter((signal) => signal.rule === rule.name && signal.violationId !== null);
      return observeQuery(rule, { kind: 'vector', samples }, active, { environment, settings }, now).observations;
    });
    const remembered: Remembered = { signals, violations, incidents };
    const surroundings = { environment, settings, windows: [], silences: [], announcementsLeft: 1_000 };
    const derived = deriveViolations(remembered, observations, surroundings, now, newId);
    for (const signal of derived.signals) signals.set(signal.fingerprint, signal);
    for (const violation of derived.violations) {
      latest.set(violation.fingerprint, violation);
      if (violation.state === 'firing') violations.set(violation.id, violation);
      else violations.delete(violation.id);
    }
    for (const incident of derived.incidents) {
      if (!incidents.has(incident.component)) opened.push(incident);
      incidents.set(incident.component, incident);
    }
    return { changes: derived.changes, told: derived.announcements.map(({ violation }) => violation) };
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

  return {
    watch,
    firing,
    find: (fingerprint) => latest.get(fingerprint) ?? null,
    firingComponents: () => new Set([...violations.values()].map(({ component }) => component)),
    opened: () => opened,
  };
}
