import { createHash } from 'node:crypto';
import {
  Analysis,
  Decision,
  DecisionRequest,
  Instant,
  OutcomeType,
  Plan,
  Recommendation,
  type Rule,
  type Strategy,
  type Target,
  TargetState,
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
  readonly settings: PlanningSettings;
}

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

const Facts = z.object({
  analysis: Analysis,
  states: z.array(TargetState),
  recommendations: z.array(z.tuple([z.string(), Recommendation])),
  priors: z.array(z.tuple([z.string(), z.object({ success: z.number(), confidence: z.number() })])),
  attempts: z.array(
    z.object({
      planId: z.string(),
      strategy: z.string(),
      component: z.string().nullable(),
      status: PlanStatus,
      executionState: z.string().nullable(),
      outcome: OutcomeType.nullable(),
      endedAt: Instant.nullable(),
    }),
  ),
  open: z.array(z.custom<Situation['open'][number]>()),
  past: z.array(z.custom<Situation['past'][number]>()),
  frozen: z.array(z.custom<Situation['frozen'][number]>()),
  brake: z.object({ since: Instant.nullable(), calmSince: Instant.nullable() }),
  saved: z.number(),
  now: Instant,
});
const AskedRecord = z.array(z.object({ request: DecisionRequest, decision: Decision }));

/** Records what a plan was made from, next to the plan. */
export async function recordSituation({ db }: On, course: PlannedCourse, settings: PlanningSettings): Promise<void> {
  const { situation, plan, asked, status } = course;
  const ground = groundOf(situation, settings);
  const { analysis, states, beliefs, attempts, open, past, frozen, brake, saved = 0, now } = situation;
  const facts: z.input<typeof Facts> = {
    analysis,
    states: [...states.values()],
    recommendations: [...beliefs.recommendations],
    priors: [...beliefs.priors].map(([name, prior]) => [name, { ...prior }]),
    attempts: attempts.map((attempt) => ({ ...attempt })),
    open: [...open],
    past: [...past],
    frozen: [...frozen],
    brake,
    saved,
    now,
  };
  await db
    .insertInto('ground')
    .values({ digest: ground.digest, body: ground.text })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await db
    .insertInto('situation')
    .values({
      plan_id: plan.id,
      ground: ground.digest,
      status,
      facts: JSON.stringify(facts),
      asked: JSON.stringify(asked),
    })
    .execute();
}

/** Grounds by the pack's own strategies, so that one pack is written out once. */
const known = new WeakMap<
  object,
  { readonly settings: PlanningSettings; readonly digest: string; readonly text: string }
>();

function groundOf(situation: Situation, settings: PlanningSettings) {
  const before = known.get(situation.strategies);
  if (before?.settings === settings) return before;
  const { rules, strategies, targets } = situation;
  const text = textOf({ rules: [...rules.values()], strategies, targets: [...targets.values()], settings });
  const made = { settings, text, digest: sha256(text) };
  known.set(situation.strategies, made);
  return made;
}

const textOf = ({ rules, strategies, targets, settings }: Ground): string =>
  canonicalJson({ rules, strategies, targets, settings });
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
}: Ground): Pick<Situation, 'rules' | 'strategies' | 'targets'> => ({
  rules: new Map(rules.map((rule) => [rule.metadata.name, rule])),
  strategies,
  targets: new Map(targets.map((target) => [target.metadata.name, target])),
});

function factsFrom(recorded: unknown): Omit<Situation, 'rules' | 'strategies' | 'targets'> {
  const { states, recommendations, priors, ...facts } = Facts.parse(recorded);
  return {
    ...facts,
    states: new Map(states.map((state) => [state.name, state])),
    beliefs: { recommendations: new Map(recommendations), priors: new Map(priors) },
  };
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
