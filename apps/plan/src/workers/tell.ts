import { type TimelineEntry, timelineQueue } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import type { PlanTables } from '../adapters/tables.ts';

/** Adds one line to an incident's story, in the transaction of what it tells. */
export async function tell(
  tx: Tx<PlanTables>,
  incidentId: string,
  event: TimelineEntry['event'],
  text: string,
  data: TimelineEntry['data'],
): Promise<void> {
  const entry = {
    incidentId,
    stage: 'plan' as const,
    event,
    at: new Date().toISOString(),
    text: text.slice(0, 2_000),
    data,
  };
  await tx.enqueue(timelineQueue, entry, { incidentId });
}
