import { type AutonomyCase, type AutonomyRecord, observeCase, tierOf, unproven } from '@charter/learning';
import { actionProfiles, type Outcome } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { type AutonomyChange, autonomyStates, casesOf, saveAutonomy, saveCases } from '../adapters/autonomy-log.ts';
import { tallyBook } from '../adapters/tally-book.ts';
import { type AutonomySubject, autonomyCasesOf, subjectName } from '../domain/autonomy-cases.ts';
import { surroundingsFrom } from '../domain/surroundings-from.ts';
import type { KnowledgeTables } from '../migrations.ts';

/**
 * Moves what is earned by one outcome. A new case is one step from where its subject stood; when an outcome changed, or
 * comes out of order, its subjects are followed again from their first case.
 */
export async function earnAutonomy(
  tx: Tx<KnowledgeTables>,
  known: Outcome | null,
  outcome: Outcome,
  halfLifeDays: number,
): Promise<AutonomyChange[]> {
  const added = autonomyCasesOf(outcome);
  const replaced = known ? autonomyCasesOf(known) : [];
  await saveCases(tx, outcome, added);
  const subjects = new Map<string, AutonomySubject>(
    [...replaced, ...added].map(({ action, targetClass }) => {
      const subject = { action, targetClass };
      return [subjectName(subject), subject];
    }),
  );
  const changes: AutonomyChange[] = [];
  for (const [name, subject] of subjects) {
    const states = await autonomyStates(tx, subject.action);
    const tallies = await tallyBook(tx).about(subject);
    const before = states.find((state) => subjectName(state) === name)?.record;
    const around = surroundingsFrom(subject, states, tallies, halfLifeDays);
    const step = (record: AutonomyRecord, one: AutonomyCase): AutonomyRecord =>
      observeCase(record, one, tierOf(actionProfiles[subject.action].risk), around);
    const fresh = added.find((one) => subjectName(one) === name)?.one;
    const isNext = fresh && replaced.length === 0 && fresh.at >= (before?.lastAt ?? 0);
    const record = isNext ? step(before ?? unproven, fresh) : (await casesOf(tx, subject)).reduce(step, unproven);
    const change = await saveAutonomy(tx, subject, before, record);
    if (change) changes.push(change);
  }
  return changes;
}
