import type { Tracing } from '@charter/service';
import { timelineQueue, traceparentOfIncident, violationQueue } from '@charter/shared/contracts';
import { newId, type Tx } from '@charter/store';
import { rememberedOf, saveDerived } from '../adapters/remembered.ts';
import { type Change, type Derived, deriveViolations, type Remembered } from '../domain/derive-violations.ts';
import { fingerprintOfObservation, type Observation } from '../domain/observation.ts';
import type { MonitorSettings } from '../domain/settings.ts';
import type { SignalState } from '../domain/signal-state.ts';
import type { StormWindow } from '../domain/storm-window.ts';
import type { ActiveSilence } from '../domain/suppression.ts';
import { timelineEntryOf } from '../domain/tell.ts';
import type { ViolationRecord } from '../domain/violation-record.ts';
import type { Watch } from '../domain/watch.ts';
import type { MonitorMetrics } from '../metrics.ts';
import type { Clock } from '../ports.ts';
import type { MonitorTables } from '../tables.ts';

/** What every way of learning something shares. */
export interface DeriveDeps {
  readonly environment: string;
  readonly settings: MonitorSettings;
  readonly clock: Clock;
  readonly watch: () => Watch;
  /** The silences of the last complete look at Alertmanager. */
  readonly silences: () => readonly ActiveSilence[];
  readonly stormWindow: StormWindow;
  readonly metrics: MonitorMetrics;
  /** Begins the trace of each incident; null while tracing is off. */
  readonly tracing: Tracing | null;
}

/**
 * The one path from observations to violations: remembers, derives, records and promises the messages, all in the caller's
 * transaction, which must derive alone. Some ten statements, however many observations.
 */
export async function applyObservations(
  tx: Tx<MonitorTables>,
  observations: readonly Observation[],
  deps: DeriveDeps,
  { active = [], cycleId }: { readonly active?: readonly SignalState[]; readonly cycleId?: string } = {},
): Promise<Derived> {
  const now = deps.clock();
  const fingerprints = new Set(observations.map(fingerprintOfObservation));
  const components = new Set(observations.flatMap(({ subject }) => (subject ? [subject.component] : [])));
  const remembered = await rememberedOf(tx.db, fingerprints, [...components], active);
  const surroundings = {
    environment: deps.environment,
    settings: deps.settings,
    windows: deps.watch().windows,
    silences: deps.silences(),
    announcementsLeft: deps.stormWindow.left(now),
  };
  const derived = deriveViolations(remembered, observations, surroundings, now, newId);
  await saveDerived(tx.db, derived, remembered.incidents, now);
  const begun = await announce(tx, derived, remembered, now, cycleId);
  for (const { incidentId, component, rule } of begun) beginTrace(deps.tracing, incidentId, { component, rule });
  deps.stormWindow.spend(
    derived.announcements.filter(({ kind }) => kind === 'opened' || kind === 'repeated').length,
    now,
  );
  deps.metrics.derived(derived);
  return derived;
}

async function announce(
  tx: Tx<MonitorTables>,
  { announcements }: Derived,
  { incidents }: Remembered,
  now: number,
  cycleId: string | undefined,
): Promise<ViolationRecord[]> {
  const told = new Set([...incidents.values()].filter(({ announced }) => announced).map(({ id }) => id));
  const optionsOf = ({ violation: { incidentId } }: Change) => ({
    incidentId,
    traceparent: traceparentOfIncident(incidentId),
    ...(cycleId === undefined ? {} : { cycleId }),
  });
  await tx.enqueueAll(
    violationQueue,
    announcements.map((change) => ({ data: change.violation, options: optionsOf(change) })),
  );
  const begun: ViolationRecord[] = [];
  const lines = announcements.flatMap((change) => {
    const isFirst = !told.has(change.violation.incidentId);
    if (isFirst) begun.push(change.violation);
    const entry = timelineEntryOf(change, isFirst, now);
    told.add(change.violation.incidentId);
    return entry ? [{ data: entry, options: optionsOf(change) }] : [];
  });
  await tx.enqueueAll(timelineQueue, lines);
  return begun;
}

/** The span that all others of the incident are below: `traceparentOfIncident` names it on every message. */
function beginTrace(
  tracing: Tracing | null,
  incidentId: string,
  { component, rule }: { readonly component: string; readonly rule: string },
): void {
  const attributes = { 'charter.incident': incidentId, 'charter.component': component, 'charter.rule': rule };
  tracing?.start('incident', { parent: null, self: traceparentOfIncident(incidentId), attributes }).end();
}
