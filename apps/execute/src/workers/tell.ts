import { type Plan, type TimelineEntry, timelineQueue } from '@charter/shared/contracts';
import type { ExecuteTx } from '../adapters/execution-records.ts';

/** Adds a line to the incident's story, in the transaction of what it tells of. */
export async function tell(
  tx: ExecuteTx,
  plan: Pick<Plan, 'id' | 'incidentId'>,
  line: Pick<TimelineEntry, 'event' | 'text'> & { data?: TimelineEntry['data'] },
): Promise<void> {
  const entry: TimelineEntry = {
    incidentId: plan.incidentId,
    stage: 'execute',
    event: line.event,
    at: new Date().toISOString(),
    text: line.text.slice(0, 2000),
    data: { planId: plan.id, ...line.data },
  };
  await tx.enqueue(timelineQueue, entry, { incidentId: plan.incidentId });
}
