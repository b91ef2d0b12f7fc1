import type { Violation } from '@charter/shared/contracts';
import type { ReceivedMessage, Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import type { AnalyzeTables } from '../migrations.ts';

/** Takes a violation into its incident; the analysis itself comes from what the tables then say. */
export function onViolation(deps: { store: Store<AnalyzeTables>; wake: () => void }) {
  return async (message: ReceivedMessage<Violation>): Promise<boolean> => {
    const fresh = await deps.store.consume(message, (tx) => recordViolation(tx, message));
    if (fresh) deps.wake();
    return fresh;
  };
}

async function recordViolation(tx: Tx<AnalyzeTables>, message: ReceivedMessage<Violation>): Promise<void> {
  const { data: violation, cycleId = null, traceparent } = message;
  await tx.db
    .insertInto('incident')
    .values({
      id: violation.incidentId,
      environment: violation.environment,
      component: violation.component,
      opened_at: new Date(violation.startedAt),
      blames: JSON.stringify(null),
      merged_into: null,
      cleared_at: null,
      look_again_at: null,
      cycle_id: cycleId,
      traceparent,
    })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet({
        changed: sql`incident.changed + 1`,
        changed_at: sql`now()`,
        cleared_at: null,
        cycle_id: cycleId,
        traceparent,
      }),
    )
    .execute();
  const row = { revision: violation.revision, state: violation.state, body: JSON.stringify(violation) };
  await tx.db
    .insertInto('violation')
    .values({ id: violation.id, incident_id: violation.incidentId, ...row })
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet(row).where('violation.revision', '<', violation.revision),
    )
    .execute();
}
