import { type Adaptation, monitorAdaptationQueue, timelineQueue } from '@charter/shared/contracts';
import { newId, type Store } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import { holdFrom } from '../domain/hold-from.ts';
import type { KnowledgeTables } from '../migrations.ts';

const days = 90;
const Told = z.object({ seconds: z.number() });
const subjectOf = (metric: string): string => `hold ${metric}`;
const holdLock = 6_117_207;

/** Tells monitor how long violations may wait that go away by themselves. @returns of how many metrics it was told */
export async function publishHolds(store: Store<KnowledgeTables>): Promise<number> {
  return store.transaction(async (tx) => {
    await sql`select pg_advisory_xact_lock(${holdLock})`.execute(tx.db);
    const rows = await tx.db
      .selectFrom('outcome')
      .select(['root_cause', 'type', 'incident_id', 'at', 'incident_opened_at'])
      .where('executed', '=', false)
      .where('root_cause', 'is not', null)
      .where('type', 'in', ['success', 'ineffective'])
      .where('at', '>', sql<Date>`now() - make_interval(days => ${days}::int)`)
      .orderBy('id')
      .execute();
    const stored = await tx.db.selectFrom('refit').select(['subject', 'body']).execute();
    const told = new Map(stored.map(({ subject, body }) => [subject, body]));
    let count = 0;
    for (const [metric, ofMetric] of Map.groupBy(rows, ({ root_cause }) => root_cause ?? '')) {
      const before = told.get(subjectOf(metric));
      const cases = ofMetric.map(({ type, at, incident_opened_at: opened }) => ({
        recovered: type === 'success',
        seconds: Math.max(0, (at.getTime() - opened.getTime()) / 1_000),
      }));
      const hold = holdFrom(metric, cases, before ? Told.parse(before).seconds : 0);
      const incidentId = ofMetric.at(-1)?.incident_id;
      if (!hold || incidentId === undefined) continue;
      const kept = { body: JSON.stringify({ seconds: hold.seconds }), at: new Date() };
      await tx.db
        .insertInto('refit')
        .values({ subject: subjectOf(metric), ...kept })
        .onConflict((conflict) => conflict.column('subject').doUpdateSet(kept))
        .execute();
      const at = new Date().toISOString();
      const adaptation: Adaptation = {
        id: newId(),
        kind: 'hold',
        subject: metric,
        value: hold.seconds,
        confidence: 1 - Math.exp(-cases.length / 10),
        reason: hold.reason,
        at,
      };
      await tx.enqueue(monitorAdaptationQueue, adaptation, { incidentId: null });
      const data = { adaptation: adaptation.id };
      await tx.enqueue(
        timelineQueue,
        { incidentId, stage: 'knowledge', event: 'learned', at, text: hold.reason, data },
        { incidentId },
      );
      count += 1;
    }
    return count;
  });
}
