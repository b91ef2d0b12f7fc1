import { timelineQueue, violationQueue } from '@charter/shared/contracts';
import { newId, type Tx } from '@charter/store';
import { rememberedOf, saveDerived } from '../adapters/remembered.ts';
import { type Change, type Derived, deriveViolations, type Remembered } from '../domain/derive-violations.ts';
import { traceparentOfIncident } from '../domain/incident-trace.ts';
import { fingerprintOfObservation, type Observation } from '../domain/observation.ts';
import type { MonitorSettings } from '../domain/settings.ts';
import type { SignalState } from '../domain/signal-state.ts';
import type { StormWindow } from '../domain/storm-window.ts';
import type { ActiveSilence } from '../domain/suppression.ts';
import { timelineEntryOf } from '../domain/tell.ts';
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
  await announce(tx, derived, remembered, now, cycleId);
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
): Promise<void> {
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
  const lines = announcements.flatMap((change) => {
    const entry = timelineEntryOf(change, !told.has(change.violation.incidentId), now);
    told.add(change.violation.incidentId);
    return entry ? [{ data: entry, options: optionsOf(change) }] : [];
  });
  await tx.enqueueAll(timelineQueue, lines);
}
