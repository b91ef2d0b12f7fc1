import { Outcome, OutcomeType, type PageQuery } from '@charter/shared/contracts';
import { pageFrom, type Store, type Tx } from '@charter/store';
import { type Selectable, sql } from 'kysely';
import { instantOfUlid } from '../domain/instant-of-ulid.ts';
import type { Tried } from '../domain/ladder-from.ts';
import { correctorOf, RecordedOutcome, relapse, type Speaker } from '../domain/recorded-outcome.ts';
import type { KnowledgeTables } from '../migrations.ts';

type On = Pick<Tx<KnowledgeTables>, 'db'>;

export interface OutcomeFilter {
  readonly incidentId?: string | undefined;
  readonly component?: string | undefined;
  readonly rootCause?: string | undefined;
  readonly type?: OutcomeType | undefined;
  readonly executed?: boolean | undefined;
}

/** One word said on an outcome; `stands` says whether it changed it. */
export interface Revision {
  readonly type: OutcomeType;
  readonly saidBy: string;
  readonly reason: string;
  readonly stands: boolean;
  readonly at: string;
}

/** The known outcome of the same id or the same plan. */
export async function knownOutcome({ db }: On, { id, planId }: Pick<Outcome, 'id' | 'planId'>) {
  const row = await db
    .selectFrom('outcome')
    .selectAll()
    .where((eb) => eb.or([eb('id', '=', id), eb('plan_id', '=', planId)]))
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
  return row ? outcomeFrom(row) : null;
}

/** Records an outcome, or changes it to what is now said of it. */
export async function saveOutcome({ db }: On, outcome: Outcome, speaker: Speaker): Promise<void> {
  const corrector = correctorOf(speaker);
  const { seconds, at } = { seconds: outcome.timeToStabilizeSeconds, at: new Date(outcome.at) };
  const row = {
    incident_id: outcome.incidentId,
    environment: outcome.environment,
    component: outcome.component,
    root_cause: outcome.rootCause?.metric ?? null,
    strategy: outcome.strategy,
    type: outcome.type,
    executed: outcome.executed,
    disposition: outcome.disposition,
    seconds,
    at,
    incident_opened_at: instantOfUlid(outcome.incidentId),
    corrected_by: corrector,
    correction: corrector === null ? null : speaker.reason,
    body: JSON.stringify(outcome),
  };
  await db
    .insertInto('outcome')
    .values({ id: outcome.id, plan_id: outcome.planId, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

export async function addRevision(
  { db }: On,
  outcome: Pick<Outcome, 'id' | 'type' | 'at'>,
  speaker: Speaker,
  stands: boolean,
): Promise<void> {
  await db
    .insertInto('outcome_revision')
    .values({
      outcome_id: outcome.id,
      type: outcome.type,
      said_by: speaker.name,
      reason: speaker.reason,
      stands,
      at: new Date(outcome.at),
    })
    .execute();
}

/** Solved incidents of the same problem that ended shortly before this one opened. */
export async function solvedBefore({ db }: On, outcome: Outcome, withinSeconds: number): Promise<RecordedOutcome[]> {
  const opened = instantOfUlid(outcome.incidentId);
  const rows = await db
    .selectFrom('outcome')
    .selectAll()
    .where('component', '=', outcome.component)
    .where('environment', '=', outcome.environment)
    .where('root_cause', '=', outcome.rootCause?.metric ?? '')
    .where('incident_id', '!=', outcome.incidentId)
    .where('type', '=', 'success')
    .where('at', '<=', opened)
    .where('at', '>=', new Date(opened.getTime() - withinSeconds * 1_000))
    .where((eb) => eb.or([eb('corrected_by', 'is', null), eb('corrected_by', '=', relapse)]))
    .orderBy('id')
    .execute();
  return rows.map(outcomeFrom);
}

/** Outcomes that the order of trying is learned from. */
const triedMost = 2_000;

/** Outcomes in Postgres, newest first. */
export function outcomeLog({ db }: Pick<Store<KnowledgeTables>, 'db'>) {
  return {
    async find(id: string): Promise<RecordedOutcome | null> {
      const row = await db.selectFrom('outcome').selectAll().where('id', '=', id).executeTakeFirst();
      return row ? outcomeFrom(row) : null;
    },
    async revisions(id: string): Promise<Revision[]> {
      const rows = await db
        .selectFrom('outcome_revision')
        .selectAll()
        .where('outcome_id', '=', id)
        .orderBy('id')
        .execute();
      return rows.map((row) => ({
        type: OutcomeType.parse(row.type),
        saidBy: row.said_by,
        reason: row.reason,
        stands: row.stands,
        at: row.at.toISOString(),
      }));
    },
    async page(query: PageQuery & OutcomeFilter) {
      let rows = db
        .selectFrom('outcome')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.incidentId) rows = rows.where('incident_id', '=', query.incidentId);
      if (query.component) rows = rows.where('component', '=', query.component);
      if (query.rootCause) rows = rows.where('root_cause', '=', query.rootCause);
      if (query.type) rows = rows.where('type', '=', query.type);
      if (query.executed !== undefined) rows = rows.where('executed', '=', query.executed);
      return pageFrom((await rows.execute()).map(outcomeFrom), query);
    },
    /** What was tried against one root cause, newest incidents first, for the order of trying. */
    async triedAgainst(rootCause: string): Promise<Tried[]> {
      const rows = await db
        .selectFrom('outcome')
        .select(['incident_id', 'strategy', 'type', 'at'])
        .where('root_cause', '=', rootCause)
        .where('executed', '=', true)
        .orderBy('incident_id', 'desc')
        .limit(triedMost)
        .execute();
      return rows.map(({ incident_id, strategy, type, at }) => ({
        incidentId: incident_id,
        strategy,
        type: OutcomeType.parse(type),
        at: at.getTime(),
      }));
    },
    /** Forgets single outcomes; what they taught stays in the tallies. @returns how many */
    async forgetBefore(seconds: number): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('outcome')
        .where('at', '<', sql<Date>`now() - make_interval(secs => ${seconds})`)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}
export type OutcomeLog = ReturnType<typeof outcomeLog>;

export function outcomeFrom(row: Selectable<KnowledgeTables['outcome']>): RecordedOutcome {
  return RecordedOutcome.parse({
    ...Outcome.parse(row.body),
    recordedAt: row.recorded_at.toISOString(),
    correctedBy: row.corrected_by,
    correction: row.correction,
  });
}
