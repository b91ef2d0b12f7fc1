import { Plan } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { closeThawed } from '../adapters/conflict-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import { PlanStatus } from '../domain/attempt.ts';
import { emitFinal } from './settle-incident.ts';

const mostPlans = 100;

/** Gives plans that did nothing their final outcome once the incident outlived their deadline, and thaws what was frozen. */
export async function reapPlans(store: Store<PlanTables>): Promise<void> {
  await closeThawed(store);
  await store.transaction(async (tx) => {
    const rows = await tx.db
      .selectFrom('plan')
      .innerJoin('incident', 'incident.id', 'plan.incident_id')
      .selectAll('plan')
      .select('incident.component as symptom')
      .where('watch_until', '<', sql<Date>`now()`)
      .orderBy('plan.id')
      .limit(mostPlans)
      .forUpdate('plan')
      .skipLocked()
      .execute();
    for (const row of rows) {
      const watched = {
        id: row.id,
        plan: Plan.parse(row.body),
        status: PlanStatus.parse(row.status),
        outcomeId: row.outcome_id,
        classes: row.classes as Record<string, string>,
        createdAt: row.created_at,
      };
      const seconds = ((Date.now() - row.created_at.getTime()) / 1_000).toFixed(0);
      const reason = `The incident did not go away by itself within ${seconds} s`;
      await emitFinal(tx, watched, row.symptom, { type: 'ineffective', reason });
    }
  });
}
