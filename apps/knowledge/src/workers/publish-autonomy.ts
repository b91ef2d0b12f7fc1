import { AutomationMode } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { autonomyStates } from '../adapters/autonomy-log.ts';
import type { CharterAutomation } from '../adapters/charter-automation.ts';
import { subjectName } from '../domain/autonomy-cases.ts';
import { grantKey, grantsToPublish } from '../domain/grants-to-publish.ts';
import type { KnowledgeTables } from '../migrations.ts';

/** Tells the charter what was earned, where people opened the way. @returns how many grants changed */
export async function publishAutonomy(store: Store<KnowledgeTables>, charter: CharterAutomation): Promise<number> {
  const states = await autonomyStates(store);
  if (states.length === 0) return 0;
  const grants = await charter.grants();
  const rows = await store.db.selectFrom('autonomy_grant').selectAll().execute();
  const told = new Map(
    rows.map((row) => [
      grantKey({ policy: named(row.policy), action: row.action, targetClass: row.target_class }),
      AutomationMode.parse(row.mode),
    ]),
  );
  const earned = states.map((state) => ({
    policy: state.policy,
    action: state.action,
    targetClass: state.targetClass,
    mode: state.record.mode,
    reason: `${subjectName(state)} earned ${state.record.mode}: ${state.record.reason}`,
  }));
  const wishes = grantsToPublish(earned, grants, told);
  for (const wish of wishes) {
    await charter.put(wish);
    const row = { mode: wish.mode, published_at: sql<Date>`now()` };
    await store.db
      .insertInto('autonomy_grant')
      .values({
        policy: wish.policy ?? everyPolicy,
        action: wish.action ?? '',
        target_class: wish.targetClass ?? '',
        ...row,
      })
      .onConflict((conflict) => conflict.columns(['policy', 'action', 'target_class']).doUpdateSet(row))
      .execute();
  }
  return wishes.length;
}

const everyPolicy = '*';
const named = (policy: string): string | null => (policy === everyPolicy ? null : policy);
