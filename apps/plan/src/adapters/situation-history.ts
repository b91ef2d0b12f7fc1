import { createHash } from 'node:crypto';
import {
  Decision,
  DecisionRequest,
  OutcomeType,
  Plan,
  type Rule,
  type Strategy,
  type Target,
  type Window,
} from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import { z } from 'zod';
import { PlanStatus } from '../domain/attempt.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import type { Situation } from '../domain/propose.ts';
import type { PlanningSettings } from '../domain/settings.ts';
import type { PlannedCourse } from '../workers/plan-incident.ts';
import type { PlanTables } from './tables.ts';

type On = Pick<Tx<PlanTables>, 'db'>;

/** What many plans share: the parts of the pack they were made from, as written back, and the settings. */
export interface Ground {
  readonly rules: readonly Rule[];
  readonly strategies: readonly Strategy[];
  readonly targets: readonly Target[];
  readonly windows: readonly Window[];
  readonly settings: PlanningSettings;
}

type PackFacts = 'rules' | 'strategies' | 'targets' | 'windows';

/** One recorded plan with everything it was made from. */
export interface RecordedSituation {
  readonly plan: Plan;
  /** Where it stood right after it was made. */
  readonly status: PlanStatus;
  readonly groundDigest: string;
  readonly ground: Ground;
  readonly situation: Situation;
  readonly asked: ReadonlyArray<{ readonly request: DecisionRequest; readonly decision: Decision }>;
  readonly outcome: OutcomeType | null;
}

const AskedRecord = z.array(z.object({ request: DecisionRequest, decision: Decision }));

/** Records what a plan was made from, next to the plan. */
export async function recordSituation({ db }: On, course: PlannedCourse, settings: PlanningSettings): Promise<void> {
  const { ground, situation } = situationRows(course, settings);
  await db
    .insertInto('ground')
    .values(ground)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db.insertInto('situation').values(situation).execute();
}

/** A course's facts and answers as they are kept. */
export function situationRows(
  { situation, plan, asked, status }: Pick<PlannedCourse, 'situation' | 'plan' | 'asked' | 'status'>,
  settings: PlanningSettings,
) {
  const { digest, text } = groundOf(situation, settings);
  const { rules: _rules, strategies: _strategies, targets: _targets, windows: _windows, ...facts } = situation;
  return {
    ground: { digest, body: text },
    situation: {
      plan_id: plan.id,
      ground: digest,
      status,
      facts: JSON.stringify(facts, mapAsEntries),
      asked: JSON.stringify(asked),
    },
  };
}

/** Grounds by the pack's own strategies, so that one pack is written out once. */
const known = new WeakMap<
  object,
  { readonly settings: PlanningSettings; readonly digest: string; readonly text: string }
>();

function groundOf(situation: Situation, settings: PlanningSettings) {
  const before = known.get(situation.strategies);
  if (before?.settings === settings) return before;
  const { rules, strategies, targets, windows = [] } = situation;
  const parts = { rules: [...rules.values()], strategies, targets: [...targets.values()], windows };
  const text = textOf({ ...parts, settings });
  const made = { settings, text, digest: sha256(text) };
  known.set(situation.strategies, made);
  return made;
}

const textOf = ({ rules, strategies, targets, windows, settings }: Ground): string =>
  canonicalJson({ rules, strategies, targets, windows, settings });
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Names a ground by its content. */
export const digestOfGround = (ground: Ground): string => sha256(textOf(ground));

/**
 * Recorded plans since a time, oldest first, each with all it was made from. Reads only; `db` may be a connection that
 * cannot write.
 */
export async function* situationsSince(
  { db }: On,
  since: Date,
  pageSize = 500,
): AsyncGenerator<readonly RecordedSituation[]> {
  const grounds = new Map<string, Ground>();
  for (let after = ''; ; ) {
    const rows = await db
      .selectFrom('situation')
      .innerJoin('plan', 'plan.id', 'situation.plan_id')
      .select(['plan_id', 'ground', 'situation.status', 'facts', 'asked', 'plan.body', 'plan.outcome_type'])
      .where('situation.at', '>=', since)
      .where('plan_id', '>', after)
      .orderBy('plan_id')
      .limit(pageSize)
      .execute();
    if (rows.length === 0) return;
    const missing = [...new Set(rows.map(({ ground }) => ground))].filter((digest) => !grounds.has(digest));
    for (const digest of missing) grounds.set(digest, await groundBy({ db }, digest));
    yield rows.flatMap((row): RecordedSituation[] => {
      const ground = grounds.get(row.ground);
      if (!ground) return [];
      const plan = Plan.parse(row.body);
      return [
        {
          plan,
          status: PlanStatus.parse(row.status),
          groundDigest: row.ground,
          ground,
          situation: { ...factsFrom(row.facts), ...partsOf(ground) },
          asked: AskedRecord.parse(row.asked),
          outcome: OutcomeType.nullable().parse(row.outcome_type),
        },
      ];
    });
    after = rows.at(-1)?.plan_id ?? '';
  }
}

async function groundBy({ db }: On, digest: string): Promise<Ground> {
  const { body } = await db.selectFrom('ground').select('body').where('digest', '=', digest).executeTakeFirstOrThrow();
  return body as unknown as Ground;
}

/** A pack's parts as planning looks them up. */
export const partsOf = ({
  rules,
  strategies,
  targets,
  windows,
}: Omit<Ground, 'settings'>): Pick<Situation, PackFacts> => ({
  rules: new Map(rules.map((rule) => [rule.metadata.name, rule])),
  strategies,
  targets: new Map(targets.map((target) => [target.metadata.name, target])),
  windows,
});

/** JSON knows no maps: one is kept as its entries under this name. */
const entriesKey = '$entries';

const mapAsEntries = (_key: string, value: unknown): unknown =>
  value instanceof Map ? { [entriesKey]: [...value] } : value;

/** Facts as this service wrote them itself, with whatever a situation held then. */
function factsFrom(recorded: unknown): Omit<Situation, PackFacts> {
  return mapsAgain(recorded) as Omit<Situation, PackFacts>;
}

function mapsAgain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mapsAgain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value);
  const [first] = fields;
  if (first?.[0] === entriesKey && Array.isArray(first[1])) {
    return new Map(first[1].map(([key, held]: [unknown, unknown]) => [key, mapsAgain(held)]));
  }
  return Object.fromEntries(fields.map(([key, held]) => [key, mapsAgain(held)]));
}

/** Forgets what plans were made from after so many seconds; the plans stay. @returns how many */
export async function forgetSituations({ db }: On, seconds: number): Promise<number> {
  const { numDeletedRows } = await db
    .deleteFrom('situation')
    .where('at', '<', sql<Date>`now() - make_interval(secs => ${seconds})`)
    .executeTakeFirst();
  await db
    .deleteFrom('ground')
    .where('at', '<', sql<Date>`now() - make_interval(secs => ${seconds})`)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom('situation').select('plan_id').whereRef('situation.ground', '=', 'ground.digest'))),
    )
    .execute();
  return Number(numDeletedRows);
}
