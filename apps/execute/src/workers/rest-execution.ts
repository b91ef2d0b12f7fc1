import { sql } from 'kysely';
import { type Run, underClaim } from '../adapters/claims.ts';
import { writeJournal } from '../adapters/execution-records.ts';
import type { Loaded } from '../adapters/load-execution.ts';
import type { Ending } from '../domain/execution.ts';
import type { CarryDeps } from './deps.ts';
import { endExecution, restUntil } from './end-execution.ts';

/** Stops between two steps until a person says otherwise. */
export async function pauseExecution(deps: CarryDeps, run: Run): Promise<void> {
  await underClaim(deps.store, run, async (tx) => {
    await tx.db
      .updateTable('execution')
      .set({
        state: 'paused',
        requested: null,
        lease_until: null,
        holder: null,
        ...restUntil(deps.settings.pauseLimitSeconds),
      })
      .where('id', '=', run.executionId)
      .execute();
    await writeJournal(tx.db, run.executionId, { kind: 'paused', text: 'Paused between two steps' });
  });
}

/** A paused one goes on resting; an uncertain one is closed when a person asked for it or nobody came in time. */
export async function restExecution(deps: CarryDeps, run: Run, at: Loaded): Promise<void> {
  const { row, facts } = at;
  const { isLate } = facts;
  if (row.state === 'uncertain' && (row.requested === 'cancel' || isLate)) {
    const reason = row.requested === 'cancel' ? `Closed by ${row.requested_by ?? 'a person'}` : 'Nobody looked in time';
    const ending: Ending = {
      state: 'failed',
      type: 'unknown',
      disposition: 'executed',
      reason: `${row.reason ?? ''}. ${reason}`,
      escalate: false,
    };
    return endExecution(deps, run, at, ending);
  }
  await underClaim(deps.store, run, async (tx) => {
    await tx.db
      .updateTable('execution')
      .set({ lease_until: null, holder: null, next_at: sql<Date>`deadline_at` })
      .where('id', '=', run.executionId)
      .execute();
  });
}
