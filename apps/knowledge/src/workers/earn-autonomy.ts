import { type AutonomyCase, type AutonomyRecord, observeCase, revoke, tierOf, unproven } from '@charter/learning';
import { actionProfiles, type Outcome } from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import {
  type AutonomyChange,
  addRevocation,
  autonomyStates,
  casesOf,
  revocationsOf,
  revokedText,
  saveAutonomy,
  saveCases,
} from '../adapters/autonomy-log.ts';
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
    [...replaced, ...added].map(({ policy, action, targetClass }) => {
      const subject = { policy, action, targetClass };
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
    const record = isNext ? step(before ?? unproven, fresh) : await followed(tx, subject, step);
    const change = await saveAutonomy(tx, subject, before, record);
    if (change) changes.push(change);
  }
  return changes;
}

/** A subject's record from its first case on, with what people took back in between. */
async function followed(
  tx: Tx<KnowledgeTables>,
  subject: AutonomySubject,
  step: (record: AutonomyRecord, one: AutonomyCase) => AutonomyRecord,
): Promise<AutonomyRecord> {
  const revocations = await revocationsOf(tx, subject);
  const events = [
    ...(await casesOf(tx, subject)).map((one) => ({
      at: one.at,
      apply: (record: AutonomyRecord) => step(record, one),
    })),
    ...revocations.map(({ at, reason }) => ({ at, apply: (record: AutonomyRecord) => revoke(record, at, reason) })),
  ].toSorted((a, b) => a.at - b.at);
  return events.reduce((record, { apply }) => apply(record), unproven);
}

/** A person takes back what was earned. @returns the change, or null when nothing was */
export async function revokeAutonomy(
  tx: Tx<KnowledgeTables>,
  subject: AutonomySubject,
  { by, reason, at }: { readonly by: string; readonly reason: string; readonly at: Date },
): Promise<AutonomyChange | null> {
  const name = subjectName(subject);
  const before = (await autonomyStates(tx, subject.action)).find((state) => subjectName(state) === name)?.record;
  if (!before) return null;
  await addRevocation(tx, subject, { by, reason, at });
  return saveAutonomy(tx, subject, before, revoke(before, at.getTime(), revokedText(by, reason)));
}
