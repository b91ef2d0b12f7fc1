import { type AutonomyCase, type AutonomyRecord, unproven } from '@charter/learning';
import { ActionType, AutomationMode } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import type { AutonomySubject, SubjectCase } from '../domain/autonomy-cases.ts';
import type { KnowledgeTables } from '../migrations.ts';

type On = Pick<Tx<KnowledgeTables>, 'db'>;

const StoredRecord = z.object({
  mode: AutomationMode,
  since: z.number(),
  reason: z.string(),
  firstAt: z.number().nullable(),
  lastAt: z.number(),
  observed: z.number(),
  cases: z.number(),
  successes: z.number(),
  harms: z.number(),
  recent: z.array(z.object({ success: z.number(), harm: z.boolean() })),
  cleanSinceDemotion: z.number().nullable(),
});

export type AutonomyState = AutonomySubject & { readonly record: AutonomyRecord };

export interface AutonomyChange extends AutonomySubject {
  readonly from: AutomationMode;
  readonly to: AutomationMode;
  readonly reason: string;
  readonly at: string;
}

/** Replaces the cases of an outcome by what it now says. */
export async function saveCases({ db }: On, outcome: { readonly id: string }, cases: readonly SubjectCase[]) {
  await db.deleteFrom('autonomy_case').where('outcome_id', '=', outcome.id).execute();
  if (cases.length === 0) return;
  await db
    .insertInto('autonomy_case')
    .values(
      cases.map(({ policy, action, targetClass, one }) => ({
        outcome_id: outcome.id,
        policy,
        action,
        target_class: targetClass,
        at: new Date(one.at),
        acted: one.acted,
        success: one.success,
        harm: one.harm,
      })),
    )
    .execute();
}

/** All cases of a subject in the order they ended. */
export async function casesOf({ db }: On, { policy, action, targetClass }: AutonomySubject): Promise<AutonomyCase[]> {
  const rows = await db
    .selectFrom('autonomy_case')
    .selectAll()
    .where('policy', '=', policy)
    .where('action', '=', action)
    .where('target_class', '=', targetClass)
    .orderBy('at')
    .orderBy('outcome_id')
    .execute();
  return rows.map(({ at, acted, success, harm }) => ({ at: at.getTime(), acted, success, harm }));
}

/** Where every subject stands, or every subject of one action. */
export async function autonomyStates({ db }: On, action?: ActionType): Promise<AutonomyState[]> {
  let rows = db.selectFrom('autonomy').selectAll().orderBy('action').orderBy('target_class').orderBy('policy');
  if (action) rows = rows.where('action', '=', action);
  return (await rows.execute()).map((row) => ({
    policy: row.policy,
    action: ActionType.parse(row.action),
    targetClass: row.target_class,
    record: StoredRecord.parse(row.record),
  }));
}

/** Records where a subject stands now. @returns the change, or null when its mode stays */
export async function saveAutonomy(
  { db }: On,
  { policy, action, targetClass }: AutonomySubject,
  before: AutonomyRecord | undefined,
  record: AutonomyRecord,
): Promise<AutonomyChange | null> {
  const row = {
    mode: record.mode,
    since: new Date(record.since),
    reason: record.reason,
    record: JSON.stringify(record),
  };
  await db
    .insertInto('autonomy')
    .values({ policy, action, target_class: targetClass, ...row })
    .onConflict((conflict) => conflict.columns(['policy', 'action', 'target_class']).doUpdateSet(row))
    .execute();
  const { mode: from } = before ?? unproven;
  if (from === record.mode) return null;
  const { mode: to, reason } = record;
  const at = new Date();
  await db
    .insertInto('autonomy_change')
    .values({ policy, action, target_class: targetClass, from_mode: from, to_mode: to, reason, at })
    .execute();
  return { policy, action, targetClass, from, to, reason, at: at.toISOString() };
}

/** The last changes of every subject, newest first. */
export async function recentChanges({ db }: On, each: number): Promise<AutonomyChange[]> {
  const rows = await db
    .selectFrom((inner) =>
      inner
        .selectFrom('autonomy_change')
        .selectAll()
        .select(sql<number>`row_number() over (partition by policy, action, target_class order by id desc)`.as('place'))
        .as('change'),
    )
    .selectAll()
    .where('place', '<=', each)
    .orderBy('id', 'desc')
    .execute();
  return rows.map((row) => ({
    policy: row.policy,
    action: ActionType.parse(row.action),
    targetClass: row.target_class,
    from: AutomationMode.parse(row.from_mode),
    to: AutomationMode.parse(row.to_mode),
    reason: row.reason,
    at: row.at.toISOString(),
  }));
}

/** When people took back what a subject had earned, oldest first. */
export async function revocationsOf({ db }: On, { policy, action, targetClass }: AutonomySubject) {
  const rows = await db
    .selectFrom('autonomy_revocation')
    .select(['at', 'by', 'reason'])
    .where('policy', '=', policy)
    .where('action', '=', action)
    .where('target_class', '=', targetClass)
    .orderBy('at')
    .execute();
  return rows.map(({ at, by, reason }) => ({ at: at.getTime(), reason: revokedText(by, reason) }));
}

export const revokedText = (by: string, reason: string): string => `${by} took it back: ${reason}`;

export async function addRevocation(
  { db }: On,
  { policy, action, targetClass }: AutonomySubject,
  { by, reason, at }: { readonly by: string; readonly reason: string; readonly at: Date },
): Promise<void> {
  await db
    .insertInto('autonomy_revocation')
    .values({ policy, action, target_class: targetClass, by, reason, at })
    .execute();
}
