import { type Closeable, everyInterval, type Log } from '@charter/service';
import { ActionType, type Decision, type DecisionRequest, type PageQuery } from '@charter/shared/contracts';
import { type Column, newId, pageFrom, rowsOf, type Store, type Tx, unavailableFrom } from '@charter/store';
import { sql } from 'kysely';
import type { DecisionFacts } from '../domain/judge.ts';
import type { Usage } from '../domain/usage.ts';
import type { CharterMetrics } from '../metrics.ts';
import type { CharterTables } from '../tables.ts';
import { appendAudit } from './audit-log.ts';

/** A decision with all it was made from. */
export interface RecordedDecision {
  readonly id: string;
  readonly request: DecisionRequest;
  readonly decision: Decision;
  readonly policy: string | null;
  readonly rule: string | null;
  readonly facts: DecisionFacts;
}

export interface DecisionRecordOptions {
  readonly store: Store<CharterTables>;
  readonly capacity: number;
  readonly metrics: CharterMetrics;
  readonly log: Log;
}

const actions: ReadonlySet<string> = new Set(ActionType.options);
const flushMs = 100;
/** How often a stream shows that it is alive. */
const beatMs = 2_000;
/** Written in one go; the loop that answers waits no longer than this many take to be put into text and hashed. */
const batch = 200;
/** Who asks right before acting; others only ask what would be. */
const actingSubject = 'execute';

/**
 * Records decisions off the hot path. Decisions about remediation are on disk before they are answered; others wait in
 * memory for the next flush. What does not fit is counted and the number recorded in the audit log.
 */
export async function decisionRecord({ store, capacity, metrics, log }: DecisionRecordOptions) {
  const streamId = newId();
  await store.db.insertInto('decision_stream').values({ id: streamId, closed_at: null }).execute();
  let waiting: RecordedDecision[] = [];
  let inFlight: readonly RecordedDecision[] = [];
  let lost: Gap = null;
  let beatAt = performance.now();

  async function flush(): Promise<void> {
    while (waiting.length > 0 || lost !== null) {
      const gap = lost;
      lost = null;
      inFlight = waiting.slice(0, batch);
      waiting = waiting.slice(batch);
      try {
        await store.transaction((tx) => write(tx, inFlight, gap, streamId));
        metrics.recorded(inFlight.length);
      } catch (error) {
        waiting = [...inFlight, ...waiting];
        lost = joined(gap, lost);
        throw error;
      } finally {
        inFlight = [];
      }
    }
    if (performance.now() - beatAt < beatMs) return;
    beatAt = performance.now();
    await store.db
      .updateTable('decision_stream')
      .set({ beat_at: sql<Date>`now()` })
      .where('id', '=', streamId)
      .execute();
  }

  async function insertOne(recorded: RecordedDecision): Promise<void> {
    try {
      await insert(store, [recorded]);
    } catch (error) {
      throw unavailableFrom(error);
    }
  }

  const flushing: Closeable & { wake(): void; close(): Promise<void> } = everyInterval(flushMs, flush, (error) =>
    log.error({ err: error, waiting: waiting.length }, 'decisions could not be recorded; they wait'),
  );

  return {
    /** Takes a decision; resolves at once, or when it is on disk where that matters. */
    async record(recorded: RecordedDecision): Promise<void> {
      if (actions.has(recorded.request.action)) {
        if (recorded.decision.effect === 'allow') await insertOne(recorded);
        else await store.transaction((tx) => write(tx, [recorded], null, streamId));
        metrics.recorded(1);
        return;
      }
      if (waiting.length < capacity) {
        waiting.push(recorded);
        return;
      }
      const at = recorded.decision.decidedAt;
      lost = { count: (lost?.count ?? 0) + 1, from: lost?.from ?? at, until: at };
      metrics.decisionsLost(1);
    },
    /** Plans other than this one that were let act under a rule; execute asks just before it acts. */
    async usage({ policy, rule, planId }: { policy: string; rule: string; planId: string | null }): Promise<Usage> {
      const plans = sql<string>`count(distinct coalesce(plan_id, id))`;
      const { day, minute } = await store.db
        .selectFrom('decision')
        .select([plans.as('day'), sql<string>`${plans} filter (where at > now() - interval '1 minute')`.as('minute')])
        .where('at', '>', sql<Date>`now() - interval '1 day'`)
        .where('policy', '=', policy)
        .where('rule', '=', rule)
        .where('subject', '=', actingSubject)
        .where('effect', '=', 'allow')
        .where(sql<boolean>`plan_id is distinct from ${planId}`)
        .executeTakeFirstOrThrow();
      return { day: Number(day), minute: Number(minute) };
    },
    async find(id: string): Promise<RecordedDecision | null> {
      const buffered = [...inFlight, ...waiting].find((recorded) => recorded.id === id);
      if (buffered) return buffered;
      const row = await store.db.selectFrom('decision').select('body').where('id', '=', id).executeTakeFirst();
      return row ? (JSON.parse(row.body) as RecordedDecision) : null;
    },
    async page(query: PageQuery & { effect?: string | undefined; incidentId?: string | undefined }) {
      let rows = store.db
        .selectFrom('decision')
        .select(['id', 'body'])
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.effect) rows = rows.where('effect', '=', query.effect);
      if (query.incidentId) rows = rows.where('incident_id', '=', query.incidentId);
      return pageFrom(
        (await rows.execute()).map(({ body }) => JSON.parse(body) as RecordedDecision),
        query,
      );
    },
    async close() {
      await flushing.close();
      await flush();
      await store.db
        .updateTable('decision_stream')
        .set({ closed_at: sql<Date>`now()` })
        .where('id', '=', streamId)
        .execute();
    },
  };
}
export type DecisionRecord = Awaited<ReturnType<typeof decisionRecord>>;

type Gap = { count: number; from: string; until: string } | null;

const joined = (a: Gap, b: Gap): Gap =>
  a !== null && b !== null ? { count: a.count + b.count, from: a.from, until: b.until } : (a ?? b);

/** Decisions in one statement; every denial and every question to people also goes into the audit chain, one by one. */
async function write(
  tx: Tx<CharterTables>,
  decisions: readonly RecordedDecision[],
  gap: Gap,
  streamId: string,
): Promise<void> {
  if (decisions.length > 0) await insert(tx, decisions);
  const single = decisions
    .filter(({ decision }) => decision.effect !== 'allow')
    .map(({ id, request, decision, policy, rule }) => ({
      actor: request.subject ?? 'unknown',
      action: decision.effect === 'deny' ? 'decision.denied' : 'decision.approval-required',
      subject: id,
      data: {
        action: request.action,
        incidentId: request.incidentId ?? null,
        metric: request.metric ?? null,
        policy,
        policyVersion: decision.policyVersion,
        rule,
        target: request.target ?? null,
      },
    }));
  const gaps = gap === null ? [] : [{ actor: 'charter', action: 'decision.gap', subject: streamId, data: { ...gap } }];
  await appendAudit(tx, [...single, ...gaps]);
}

/** Decisions in one statement; one that is on disk already stays as it is. */
async function insert({ db }: Pick<Tx<CharterTables>, 'db'>, decisions: readonly RecordedDecision[]): Promise<void> {
  await db
    .insertInto('decision')
    .columns(columns.map(({ name }) => name))
    .expression(sql`select * from ${rowsOf(decisions, columns)}`)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

const columns: ReadonlyArray<Column<RecordedDecision> & { readonly name: keyof CharterTables['decision'] }> = [
  { name: 'id', type: 'text', of: ({ id }) => id },
  { name: 'at', type: 'timestamptz', of: ({ decision }) => decision.decidedAt },
  { name: 'effect', type: 'text', of: ({ decision }) => decision.effect },
  { name: 'action', type: 'text', of: ({ request }) => request.action },
  { name: 'target', type: 'text', of: ({ request }) => request.target ?? null },
  { name: 'incident_id', type: 'text', of: ({ request }) => request.incidentId ?? null },
  { name: 'plan_id', type: 'text', of: ({ request }) => request.plan?.id ?? null },
  { name: 'subject', type: 'text', of: ({ request }) => request.subject ?? null },
  { name: 'policy', type: 'text', of: ({ policy }) => policy },
  { name: 'rule', type: 'text', of: ({ rule }) => rule },
  { name: 'policy_version', type: 'text', of: ({ decision }) => decision.policyVersion },
  { name: 'body', type: 'text', of: (recorded) => JSON.stringify(recorded) },
];
