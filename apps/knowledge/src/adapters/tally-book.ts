import { addTrial, emptyTally } from '@charter/learning';
import type { Tx } from '@charter/store';
import { type Selectable, sql } from 'kysely';
import { z } from 'zod';
import type { KeyedTally } from '../domain/action-evidence.ts';
import type { AutonomySubject } from '../domain/autonomy-cases.ts';
import type { KeyedTrial, TallyKey } from '../domain/trials-of.ts';
import type { KnowledgeTables } from '../migrations.ts';

/** A trial that is added, or one that was added before and is taken back. */
export type TallyChange = KeyedTrial & { readonly count: 1 | -1 };

const Kind = z.enum(['action', 'strategy', 'recovery']);
const StoredTally = z.object({
  trials: z.number(),
  weight: z.number(),
  successes: z.number(),
  harms: z.number(),
  sideEffects: z.number(),
  timed: z.number(),
  seconds: z.number(),
  buckets: z.array(z.number()),
  recent: z.array(z.object({ at: z.number(), success: z.number(), weight: z.number() })).default([]),
  asOf: z.number(),
});

const idOf = (key: TallyKey): string =>
  JSON.stringify([key.kind, key.rootCause, key.action, key.targetClass, key.target, key.strategy]);

/** Applies changes to the tallies they concern. Callers hold the learning lock. @returns those tallies as they now stand */
export async function applyTrials(
  { db }: Pick<Tx<KnowledgeTables>, 'db'>,
  changes: readonly TallyChange[],
  halfLifeDays: number,
): Promise<KeyedTally[]> {
  if (changes.length === 0) return [];
  const byId = Map.groupBy(changes, ({ key }) => idOf(key));
  const rows = await db
    .selectFrom('tally')
    .selectAll()
    .where('id', 'in', [...byId.keys()])
    .execute();
  const stored = new Map(rows.map((row) => [row.id, tallyFrom(row)]));
  const changed = [...byId].flatMap(([id, ofKey]) => {
    const [first] = ofKey;
    if (!first) return [];
    const tally = ofKey.reduce(
      (sum, { trial, count }) => addTrial(sum, trial, halfLifeDays, count),
      stored.get(id)?.tally ?? emptyTally,
    );
    return [{ id, ...first.key, tally }];
  });
  await db
    .insertInto('tally')
    .values(changed.map((one) => rowFrom(one.id, one)))
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({ body: eb.ref('excluded.body'), changed_at: sql<Date>`now()` })),
    )
    .execute();
  return changed;
}

/** Tallies by what they count. */
export function tallyBook({ db }: Pick<Tx<KnowledgeTables>, 'db'>) {
  return {
    async all(): Promise<KeyedTally[]> {
      return (await db.selectFrom('tally').selectAll().orderBy('id').execute()).map(tallyFrom);
    },
    /** All of one action on one class of targets, and everything that was left alone. */
    async about({ action, targetClass }: AutonomySubject): Promise<KeyedTally[]> {
      const rows = await db
        .selectFrom('tally')
        .selectAll()
        .where((eb) =>
          eb.or([
            eb('kind', '=', 'recovery'),
            eb.and([eb('kind', '=', 'action'), eb('action', '=', action), eb('target_class', '=', targetClass)]),
          ]),
        )
        .orderBy('id')
        .execute();
      return rows.map(tallyFrom);
    },
    /** All of the actions known against one root cause, against whatever they were used, and everything that was left alone. */
    async concerning(rootCause: string): Promise<KeyedTally[]> {
      const rows = await db
        .selectFrom('tally')
        .selectAll()
        .where((eb) =>
          eb.or([
            eb('kind', '=', 'recovery'),
            eb.and([
              eb('kind', '=', 'action'),
              eb(
                'action',
                'in',
                db
                  .selectFrom('tally')
                  .select('action')
                  .where('kind', '=', 'action')
                  .where('root_cause', '=', rootCause),
              ),
            ]),
          ]),
        )
        .orderBy('id')
        .execute();
      return rows.map(tallyFrom);
    },
  };
}
export type TallyBook = ReturnType<typeof tallyBook>;

function rowFrom(id: string, { kind, rootCause, action, targetClass, target, strategy, tally }: KeyedTally) {
  return {
    id,
    kind,
    root_cause: rootCause,
    action,
    target_class: targetClass,
    target,
    strategy,
    body: JSON.stringify(tally),
  };
}

function tallyFrom(row: Selectable<KnowledgeTables['tally']>): KeyedTally {
  return {
    kind: Kind.parse(row.kind),
    rootCause: row.root_cause,
    action: row.action,
    targetClass: row.target_class,
    target: row.target,
    strategy: row.strategy,
    tally: StoredTally.parse(row.body),
  };
}
