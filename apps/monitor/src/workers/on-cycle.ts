import type { CycleRequest } from '@charter/shared/contracts';
import type { ReceivedMessage, Store, Tx } from '@charter/store';
import { alertsById, firingAlertsOf, rememberSenders, saveAlerts, unlistedAlerts } from '../adapters/alerts.ts';
import { activeSignals, deriveAlone, saveEvaluations } from '../adapters/remembered.ts';
import { type AlertRecord, subjectOfAlert } from '../domain/alert.ts';
import type { Observation } from '../domain/observation.ts';
import { observeAlerts, observeRules, observeStanding } from '../domain/observe-round.ts';
import { reconcileAlerts } from '../domain/reconcile-alerts.ts';
import { isActive, type SignalState } from '../domain/signal-state.ts';
import type { ActiveSilence } from '../domain/suppression.ts';
import type { HeardAlert } from '../domain/webhook-payload.ts';
import type { AlertSource, QuerySource } from '../ports.ts';
import type { MonitorTables } from '../tables.ts';
import { applyObservations, type DeriveDeps } from './apply-observations.ts';
import { askRules, type RoundLimits } from './observe-upstreams.ts';

export interface OnCycleDeps extends DeriveDeps {
  readonly store: Store<MonitorTables>;
  readonly queries: QuerySource;
  readonly alerts: AlertSource;
  readonly limits: RoundLimits;
  readonly alertExpirySeconds: number;
  readonly keepSilences: (silences: readonly ActiveSilence[]) => void;
  /** A cycle that was asked for longer ago than this has a younger one behind it, and is skipped. */
  readonly overdueSeconds: number;
}

/** One round of observation: all rules and all alerts, read first, then derived and recorded in one transaction. */
export function onCycle(deps: OnCycleDeps): (message: ReceivedMessage<CycleRequest>) => Promise<boolean> {
  const { store, clock, metrics } = deps;
  return async (message) => {
    if (clock() - Date.parse(message.data.at) > deps.overdueSeconds * 1_000) {
      metrics.skippedCycle();
      return store.consume(message, async () => undefined);
    }
    const started = performance.now();
    const watch = deps.watch();
    const askedAt = clock();
    const [asked, listing] = await Promise.all([
      askRules(watch.rules.values(), deps.queries, deps.limits, clock),
      deps.alerts.list(AbortSignal.timeout(deps.limits.roundSeconds * 1_000)),
    ]);
    metrics.reconciled(listing.kind);
    if (listing.kind === 'listed') deps.keepSilences(listing.silences);
    const mapping = { environment: deps.environment, settings: deps.settings, watch };
    return store.consume(message, async (tx) => {
      await deriveAlone(tx.db);
      const now = clock();
      const active = await activeSignals(tx.db);
      const rules = observeRules(asked, active, mapping, now);
      const alerts =
        listing.kind === 'listed'
          ? observeAlerts(await reconcile(tx, listing.alerts, active, askedAt), active, mapping, now)
          : unheard(active, listing, now);
      const observations = [...rules.observations, ...alerts, ...observeStanding(active, now)];
      await applyObservations(tx, observations, deps, { active, cycleId: message.data.id });
      await saveEvaluations(tx.db, rules.evaluations, now);
      metrics.cycled((performance.now() - started) / 1_000, rules.evaluations);
    });
  };

  /** Brings the remembered alerts up to date; answers those that speak for what is active, and those that just stopped. */
  async function reconcile(
    tx: Tx<MonitorTables>,
    heard: readonly HeardAlert[],
    active: readonly SignalState[],
    askedAt: number,
  ): Promise<AlertRecord[]> {
    const mapping = { environment: deps.environment, watch: deps.watch() };
    const alerts = heard.map((alert) => ({
      ...alert,
      fingerprint: subjectOfAlert(alert, mapping)?.fingerprint ?? null,
    }));
    const ids = alerts.map(({ id }) => id);
    const known = [...(await alertsById(tx.db, ids)).values()];
    const unlisted = await unlistedAlerts(tx.db, ids, askedAt, deps.alertExpirySeconds);
    const changed = reconcileAlerts([...known, ...unlisted], { alerts, askedAt });
    await saveAlerts(tx.db, changed);
    await rememberSenders(tx.db, new Set(changed.flatMap(({ listed, sender }) => (listed && sender ? [sender] : []))));
    const touched = new Set(changed.flatMap(({ fingerprint }) => (fingerprint === null ? [] : [fingerprint])));
    for (const { fingerprint, source } of active) if (source === 'alertmanager') touched.add(fingerprint);
    const firing = await firingAlertsOf(tx.db, [...touched]);
    return [...new Map([...alerts, ...known, ...firing, ...changed].map((alert) => [alert.id, alert])).values()];
  }
}

/** Alertmanager could not be asked, so nothing is known of what only alerts tell of. */
function unheard(
  active: readonly SignalState[],
  { reason, detail }: { reason: 'timeout' | 'unavailable' | 'rejected' | 'malformed'; detail: string },
  now: number,
): Observation[] {
  return active
    .filter((state) => state.source === 'alertmanager' && isActive(state))
    .map(({ fingerprint }) => ({ kind: 'inconclusive', fingerprint, subject: null, at: now, reason, detail }));
}
