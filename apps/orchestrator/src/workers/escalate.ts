import { timelineQueue } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import type { IncidentLog } from '../adapters/incident-log.ts';
import type { Incident } from '../domain/incident.ts';
import type { OrchestratorTables } from '../migrations.ts';

export interface EscalateDeps {
  readonly store: Store<OrchestratorTables>;
  readonly incidents: IncidentLog;
  /** Tells a person; its failure keeps nothing from being recorded. */
  readonly notify: (incident: Incident, text: string) => Promise<void>;
}

const batch = 50;

/** Hands every incident past its deadline to a person, once. */
export async function escalateOverdue({ store, incidents, notify }: EscalateDeps): Promise<number> {
  const told: Array<{ incident: Incident; text: string }> = [];
  await store.transaction(async (tx) => {
    for (const incident of await incidents.overdue(tx, batch)) {
      const minutes = Math.round((Date.parse(incident.deadlineAt) - Date.parse(incident.openedAt)) / 60_000);
      const text = `${incident.component} is still not well ${String(minutes)} min after the incident opened; a person is asked. Last: ${incident.summary}`;
      const at = new Date().toISOString();
      await tx.db
        .updateTable('incident')
        .set({ escalated_at: new Date(at) })
        .where('id', '=', incident.id)
        .execute();
      await tx.enqueue(
        timelineQueue,
        {
          incidentId: incident.id,
          stage: 'orchestrator',
          event: 'escalated',
          at,
          text: text.slice(0, 2_000),
          data: { deadlineAt: incident.deadlineAt },
        },
        { incidentId: incident.id },
      );
      told.push({ incident, text });
    }
  });
  await Promise.all(told.map(({ incident, text }) => notify(incident, text)));
  return told.length;
}
