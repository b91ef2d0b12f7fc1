import { timelineQueue, traceparentOfIncident } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { activeSignals, deriveAlone } from '../adapters/remembered.ts';
import { clearedEntry } from '../domain/tell.ts';
import type { MonitorTables } from '../tables.ts';
import { applyObservations, type DeriveDeps } from './apply-observations.ts';

export interface SweepDeps extends DeriveDeps {
  readonly store: Store<MonitorTables>;
}

/** Does what is due by time alone: ends the recoveries of what was told, and clears incidents that have been quiet. */
export function sweepDue(deps: SweepDeps): () => Promise<void> {
  const { store, settings, clock, metrics } = deps;
  return async () => {
    await endRecoveries();
    await clearQuietIncidents();
    const rows = await store.db
      .selectFrom('violation')
      .select((select) => ['severity', select.fn.countAll<string>().as('count')])
      .where('state', '=', 'firing')
      .groupBy('severity')
      .execute();
    metrics.firing(Object.fromEntries(rows.map(({ severity, count }) => [severity, Number(count)])));
  };

  async function endRecoveries(): Promise<void> {
    const recovering = await store.db
      .selectFrom('signal')
      .select('fingerprint')
      .where('phase', '=', 'recovering')
      .where('source', '<>', 'prometheus')
      .limit(1)
      .execute();
    if (recovering.length === 0) return;
    await store.transaction(async (tx) => {
      await deriveAlone(tx.db);
      const at = clock();
      const due = (await activeSignals(tx.db)).filter(
        ({ phase, source, since, holdSeconds }) =>
          phase === 'recovering' && source !== 'prometheus' && at - since >= holdSeconds * 1_000,
      );
      const observations = due.map(({ fingerprint }) => ({
        kind: 'standing' as const,
        fingerprint,
        subject: null,
        at,
      }));
      await applyObservations(tx, observations, deps);
    });
  }

  async function clearQuietIncidents(): Promise<void> {
    const before = new Date(clock() - settings.incidentQuietSeconds * 1_000);
    const due = await store.db
      .selectFrom('incident')
      .select('id')
      .where('cleared_at', 'is', null)
      .where('quiet_since', '<=', before)
      .limit(1)
      .execute();
    if (due.length === 0) return;
    await store.transaction(async (tx) => {
      await deriveAlone(tx.db);
      const now = clock();
      const { rows } = await sql<{ id: string; component: string; announced: boolean }>`
        update monitor.incident set cleared_at = ${new Date(now)}
        where cleared_at is null and quiet_since <= ${before} returning id, component, announced`.execute(tx.db);
      await tx.enqueueAll(
        timelineQueue,
        rows
          .filter(({ announced }) => announced)
          .map((incident) => ({
            data: clearedEntry(incident, settings.incidentQuietSeconds, now),
            options: { incidentId: incident.id, traceparent: traceparentOfIncident(incident.id) },
          })),
      );
    });
  }
}
