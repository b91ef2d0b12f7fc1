import { createHash } from 'node:crypto';
import {
  canonicalJson,
  type Decision,
  type DecisionRequest,
  OutcomeType,
  type Plan,
  type Rule,
  type Strategy,
  type Target,
  type Window,
} from '@charter/shared/contracts';
import type { Tx } from '@charter/store';
import { sql } from 'kysely';
import { PlanStatus } from '../domain/attempt.ts';
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
  const grounds = new Map<string, { readonly ground: Ground; readonly parts: Pick<Situation, PackFacts> }>();
  const page = (after: string) =>
    db
      .selectFrom('situation')
      .innerJoin('plan', 'plan.id', 'situation.plan_id')
      .select(['plan_id', 'ground', 'situation.status', 'facts', 'asked', 'plan.body', 'plan.outcome_type'])
      .where('situation.at', '>=', since)
      .where('plan_id', '>', after)
      .orderBy('plan_id')
      .limit(pageSize)
      .execute();
  for (let next = page(''); ; ) {
    const rows = await next;
    const last = rows.at(-1);
    if (!last) return;
    next = page(last.plan_id); // Postgres reads on while this page is worked on
    next.catch(() => undefined); // whoever awaits it learns of it; nobody does when the reader stops here
    const missing = [...new Set(rows.map(({ ground }) => ground))].filter((digest) => !grounds.has(digest));
    for (const digest of missing) {
      const ground = await groundBy({ db }, digest);
      grounds.set(digest, { ground, parts: partsOf(ground) });
    }
    yield rows.flatMap((row): RecordedSituation[] => {
      const known = grounds.get(row.ground);
      if (!known) return [];
      return [
        {
          plan: own<Plan>(row.body),
          status: PlanStatus.parse(row.status),
          groundDigest: row.ground,
          ground: known.ground,
          situation: { ...factsFrom(row.facts), ...known.parts },
          asked: own<RecordedSituation['asked']>(row.asked),
          outcome: OutcomeType.nullable().parse(row.outcome_type),
        },
      ];
    });
  }
}

async function groundBy({ db }: On, digest: string): Promise<Ground> {
  const { body } = await db.selectFrom('ground').select('body').where('digest', '=', digest).executeTakeFirstOrThrow();
  return own<Ground>(body);
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
  return own<Omit<Situation, PackFacts>>(mapsAgain(recorded, mapDepth));
}

/** Maps stand no deeper than that in a situation: itself, its beliefs, and what they hold. */
const mapDepth = 2;

function mapsAgain(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value);
  const [first] = fields;
  if (first?.[0] === entriesKey && Array.isArray(first[1])) return new Map(first[1]);
  if (depth === 0) return value;
  return Object.fromEntries(fields.map(([key, held]) => [key, mapsAgain(held, depth - 1)]));
}

/** What this service wrote itself, and nobody else can: it is as it was written. A hundred thousand are read in one go. */
const own = <Written>(recorded: unknown): Written => recorded as Written;

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
