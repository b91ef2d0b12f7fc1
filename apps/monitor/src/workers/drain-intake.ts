import { setTimeout as pause } from 'node:timers/promises';
import { CharterError } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import { alertsById, firingAlertsOf, saveAlerts } from '../adapters/alerts.ts';
import { deriveAlone } from '../adapters/remembered.ts';
import { evidenceOfAlerts, mergeAlert, subjectOfAlert } from '../domain/alert.ts';
import { type HeardAlert, type HeardCall, wavesOf } from '../domain/webhook-payload.ts';
import type { AlertSource } from '../ports.ts';
import type { MonitorTables } from '../tables.ts';
import { applyObservations, type DeriveDeps } from './apply-observations.ts';

export interface DrainDeps extends DeriveDeps {
  readonly store: Store<MonitorTables>;
  readonly alerts: AlertSource;
  readonly onDrained: (calls: number) => void;
  /** Whether calls keep arriving: their acknowledgement goes before the work on older ones. */
  readonly isBusy: () => boolean;
  readonly onError: (error: unknown) => void;
}

interface StoredCall {
  readonly id: string;
  readonly body: string;
}

/** Calls worked on at once: enough to be cheap; few while others arrive, whose acknowledgement waits for no long step. */
const callsPerBatch = { calm: 20, busy: 5 };
const batchesPerRound = 10;
const completionMs = 2_000;

/**
 * Works on stored webhook calls, oldest first. A call that cannot be worked on is set aside. Answers whether there may be
 * more: a round is bounded, so that a service that stops need not empty its intake first.
 */
export function drainIntake(deps: DrainDeps): () => Promise<boolean> {
  return async () => {
    for (let batch = 0; batch < batchesPerRound; batch += 1) {
      const calls = await oldest(deps.store, deps.isBusy() ? callsPerBatch.busy : callsPerBatch.calm);
      if (calls.length === 0) return false;
      try {
        const started = performance.now();
        await work(calls, deps);
        if (deps.isBusy()) await pause(performance.now() - started);
      } catch (error) {
        if (error instanceof CharterError && error.retryable) throw error;
        deps.onError(error);
        await workOneByOne(calls, deps);
      }
    }
    return true;
  };
}

async function oldest({ db }: Store<MonitorTables>, most: number): Promise<StoredCall[]> {
  return db
    .selectFrom('alert_intake')
    .select(['id', 'body'])
    .where('failure', 'is', null)
    .orderBy('id')
    .limit(most)
    .execute();
}

async function workOneByOne(calls: readonly StoredCall[], deps: DrainDeps): Promise<void> {
  for (const call of calls) {
    try {
      await work([call], deps);
    } catch (error) {
      if (error instanceof CharterError && error.retryable) throw error;
      deps.onError(error);
      deps.metrics.buried();
      const failure = error instanceof Error ? error.message.slice(0, 2_000) : 'unknown';
      await deps.store.db.updateTable('alert_intake').set({ failure }).where('id', '=', call.id).execute();
      deps.onDrained(1);
    }
  }
}

/** Takes the calls out of the intake in the transaction that acts on them, so that each counts once. */
async function work(calls: readonly StoredCall[], deps: DrainDeps): Promise<void> {
  const started = performance.now();
  const heard = new Map<string, readonly HeardAlert[]>();
  for (const call of calls) heard.set(call.id, await alertsOf(call, deps));
  const taken = await deps.store.transaction(async (tx) => {
    await deriveAlone(tx.db);
    const { rows } = await sql<{ id: string }>`
      delete from monitor.alert_intake where id = any(${calls.map(({ id }) => id)}::bigint[]) returning id`.execute(
      tx.db,
    );
    const ids = new Set(rows.map(({ id }) => id));
    const ours = calls.filter(({ id }) => ids.has(id)).flatMap(({ id }) => heard.get(id) ?? []);
    for (const wave of wavesOf(ours)) await actOn(wave, tx, deps);
    return ids.size;
  });
  deps.onDrained(taken);
  deps.metrics.drained(taken, (performance.now() - started) / 1_000);
}

/** What a call says; what it left out is asked of Alertmanager, and when that fails the next cycle finds it. */
async function alertsOf({ body }: StoredCall, deps: DrainDeps): Promise<readonly HeardAlert[]> {
  const { alerts, truncated, groupLabels } = JSON.parse(body) as HeardCall;
  if (truncated === 0) return alerts;
  const listing = await deps.alerts.listGroup(groupLabels, AbortSignal.timeout(completionMs));
  if (listing.kind === 'inconclusive') return alerts;
  const said = new Set(alerts.map(({ id }) => id));
  return [...alerts, ...listing.alerts.filter(({ id }) => !said.has(id))];
}

async function actOn(wave: readonly HeardAlert[], tx: Tx<MonitorTables>, deps: DrainDeps): Promise<void> {
  const mapping = { environment: deps.environment, watch: deps.watch() };
  const remembered = await alertsById(
    tx.db,
    wave.map(({ id }) => id),
  );
  const merged = wave.map((alert) => {
    const fingerprint = subjectOfAlert(alert, mapping)?.fingerprint ?? null;
    return mergeAlert(remembered.get(alert.id), { ...alert, fingerprint });
  });
  await saveAlerts(tx.db, merged);
  const told = Map.groupBy(merged, ({ fingerprint }) => fingerprint);
  const touched = [...told].flatMap(([fingerprint, alerts]) => (fingerprint === null ? [] : [{ fingerprint, alerts }]));
  const ended = touched.filter(({ alerts }) => !alerts.some(({ firing }) => firing));
  const still = Map.groupBy(
    await firingAlertsOf(
      tx.db,
      ended.map(({ fingerprint }) => fingerprint),
    ),
    ({ fingerprint }) => fingerprint,
  );
  const now = deps.clock();
  const observations = touched.flatMap(({ fingerprint, alerts }) => {
    const evidence = evidenceOfAlerts(still.get(fingerprint) ?? alerts, mapping, now, true);
    return evidence ? [evidence] : [];
  });
  await applyObservations(tx, observations, deps);
}
