import { type Adaptation, analyzeAdaptationQueue, timelineQueue } from '@charter/shared/contracts';
import { newId, type Store } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import { outcomeFrom } from '../adapters/outcome-log.ts';
import { isNewRefit, refitFrom, refitText } from '../domain/refit-from.ts';
import type { KnowledgeTables } from '../migrations.ts';

/** Newest outcomes that a refit is drawn from. */
const newest = 500;
const subject = 'root-cause-confidence';
const refitLock = 6_117_206;
const Told = z.object({ state: z.string(), points: z.array(z.object({ from: z.number(), to: z.number() })) });

/** Tells analyze what its confidences proved to be worth, when outcomes say something new. @returns whether it did */
export async function publishRefit(store: Store<KnowledgeTables>): Promise<boolean> {
  return store.transaction(async (tx) => {
    await sql`select pg_advisory_xact_lock(${refitLock})`.execute(tx.db);
    const { state } = await tx.db
      .selectFrom('outcome_revision')
      .select(sql<string>`count(*) || ' ' || coalesce(max(id), 0)`.as('state'))
      .executeTakeFirstOrThrow();
    const row = await tx.db.selectFrom('refit').select('body').where('subject', '=', subject).executeTakeFirst();
    const told = row ? Told.parse(row.body) : null;
    if (told?.state === state) return false;
    const rows = await tx.db
      .selectFrom('outcome')
      .selectAll()
      .where('executed', '=', true)
      .where('root_cause', 'is not', null)
      .orderBy('id', 'desc')
      .limit(newest)
      .execute();
    const outcomes = rows.map(outcomeFrom);
    const refit = refitFrom(outcomes);
    const [latest] = outcomes;
    if (!refit || !latest) return false;
    const isNew = isNewRefit(refit.points, told?.points ?? null);
    const points = isNew ? refit.points : (told?.points ?? []);
    const kept = { body: JSON.stringify({ state, points }), at: new Date() };
    await tx.db
      .insertInto('refit')
      .values({ subject, ...kept })
      .onConflict((conflict) => conflict.column('subject').doUpdateSet(kept))
      .execute();
    if (!isNew) return false;
    const at = new Date().toISOString();
    const reason = refitText(refit.points, refit.samples);
    const adaptation: Adaptation = {
      id: newId(),
      kind: 'confidence',
      subject,
      value: refit.points.reduce((sum, { from, to }) => sum + to - from, 0) / refit.points.length,
      confidence: 1 - Math.exp(-refit.samples / 100),
      reason,
      at,
      points: refit.points,
    };
    const { incidentId } = latest;
    await tx.enqueue(analyzeAdaptationQueue, adaptation, { incidentId: null });
    await tx.enqueue(
      timelineQueue,
      { incidentId, stage: 'knowledge', event: 'learned', at, text: reason, data: { adaptation: adaptation.id } },
      { incidentId },
    );
    return true;
  });
}
