import type { OutcomeType, Plan } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import { rewardOf } from '../domain/reward-of.ts';
import type { Selected } from '../domain/select-plan.ts';
import type { PlanTables } from './tables.ts';

/** Counts what a drawn choice saves or may cost, until its outcome is known. */
export async function recordChoice(
  { db }: Tx<PlanTables>,
  { id, environment }: Plan,
  { now, bar, explored }: NonNullable<Selected['credit']>,
): Promise<void> {
  await db.insertInto('choice').values({ plan_id: id, environment, explored, bar, credit: now }).execute();
}

/** Counts what an explored choice brought, instead of what was feared. */
export async function rewardChoice({ db }: Tx<PlanTables>, planId: string, outcome: OutcomeType): Promise<void> {
  const reward = rewardOf(outcome);
  if (reward === null) return;
  await db
    .updateTable('choice')
    .set({ credit: sql<number>`${reward}::float8 - bar` })
    .where('plan_id', '=', planId)
    .where('explored', '=', true)
    .execute();
}
