import type { PageQuery, TimelineEntry } from '@charter/shared/contracts';
import { pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { Incident } from '../domain/incident.ts';
import { incidentFrom, type Story } from '../domain/incident-from.ts';
import type { OrchestratorTables } from '../migrations.ts';

/** A timeline entry with its place in the order in which this service learned of it. */
export type NumberedEntry = Story & { readonly seq: string; readonly cycleId: string | null };

/** One writer at a time: an entry's number then says when it became visible, and a stream can resume by it. */
const timelineLock = 4_815_162;
/** Entries of one incident that its state is derived from; older ones of a very long story no longer change it. */
const longestStory = 2_000;

/** Adds one entry to an incident's story and derives the incident again. */
export async function recordEntry(
  tx: Tx<OrchestratorTables>,
  message: { id: string; cycleId: string | null },
  entry: TimelineEntry,
  deadlineSeconds: number,
): Promise<Incident | null> {
  await sql`select pg_advisory_xact_lock(${timelineLock})`.execute(tx.db);
  await tx.db
    .insertInto('timeline_entry')
    .values({
      id: message.id,
      incident_id: entry.incidentId,
      cycle_id: message.cycleId,
      stage: entry.stage,
      event: entry.event,
      at: new Date(entry.at),
      text: entry.text,
      data: JSON.stringify(entry.data),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const rows = await tx.db
    .selectFrom('timeline_entry')
    .selectAll()
    .where('incident_id', '=', entry.incidentId)
    .orderBy('at', 'desc')
    .limit(longestStory)
    .execute();
  const incident = incidentFrom(rows.map(entryFrom), deadlineSeconds);
  if (incident) await save(tx, incident);
  return incident;
}

async function save(tx: Tx<OrchestratorTables>, incident: Incident): Promise<void> {
  const row = {
    state: incident.state,
    component: incident.component,
    environment: incident.environment,
    opened_at: new Date(incident.openedAt),
    deadline_at: new Date(incident.deadlineAt),
    resolved_at: incident.resolvedAt === null ? null : new Date(incident.resolvedAt),
    escalated_at: incident.escalatedAt === null ? null : new Date(incident.escalatedAt),
    body: JSON.stringify(incident),
  };
  await tx.db
    .insertInto('incident')
    .values({ id: incident.id, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
    .execute();
}

/** Reads incidents and their stories. */
export function incidentLog(store: Store<OrchestratorTables>) {
  return {
    async find(id: string): Promise<Incident | null> {
      const row = await store.db.selectFrom('incident').select('body').where('id', '=', id).executeTakeFirst();
      return row ? Incident.parse(row.body) : null;
    },
    async page(query: PageQuery & { state?: string | undefined; component?: string | undefined }) {
      let rows = store.db
        .selectFrom('incident')
        .select('body')
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.state) rows = rows.where('state', '=', query.state);
      if (query.component) rows = rows.where('component', '=', query.component);
      return pageFrom(
        (await rows.execute()).map(({ body }) => Incident.parse(body)),
        query,
      );
    },
    async story(incidentId: string): Promise<NumberedEntry[]> {
      const rows = await store.db
        .selectFrom('timeline_entry')
        .selectAll()
        .where('incident_id', '=', incidentId)
        .orderBy('at')
        .orderBy('id')
        .limit(longestStory)
        .execute();
      return rows.map(entryFrom);
    },
    async storyOfCycle(cycleId: string): Promise<NumberedEntry[]> {
      const rows = await store.db
        .selectFrom('timeline_entry')
        .selectAll()
        .where('cycle_id', '=', cycleId)
        .orderBy('at')
        .orderBy('id')
        .limit(longestStory)
        .execute();
      return rows.map(entryFrom);
    },
    async after(seq: string, limit: number): Promise<NumberedEntry[]> {
      const rows = await store.db
        .selectFrom('timeline_entry')
        .selectAll()
        .where('seq', '>', seq)
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(entryFrom);
    },
    async newestSeq(): Promise<string> {
      const row = await store.db
        .selectFrom('timeline_entry')
        .select((eb) => eb.fn.max('seq').as('seq'))
        .executeTakeFirst();
      return row?.seq ?? '0';
    },
    async countByState(): Promise<Record<string, number>> {
      const rows = await store.db
        .selectFrom('incident')
        .select((eb) => ['state', eb.fn.countAll<string>().as('count')])
        .groupBy('state')
        .execute();
      return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
    },
    /** When each stage last said something. */
    async lastWordByStage(): Promise<Record<string, string>> {
      const rows = await store.db
        .selectFrom('timeline_entry')
        .select((eb) => ['stage', eb.fn.max('at').as('at')])
        .groupBy('stage')
        .execute();
      return Object.fromEntries(rows.map(({ stage, at }) => [stage, at.toISOString()]));
    },
    /** Claims incidents past their deadline that nobody was told of. */
    async overdue(tx: Tx<OrchestratorTables>, limit: number): Promise<Incident[]> {
      const rows = await tx.db
        .selectFrom('incident')
        .select('body')
        .where('resolved_at', 'is', null)
        .where('escalated_at', 'is', null)
        .where('state', '!=', 'merged')
        .where('deadline_at', '<', sql<Date>`now()`)
        .orderBy('deadline_at')
        .limit(limit)
        .forUpdate()
        .skipLocked()
        .execute();
      return rows.map(({ body }) => Incident.parse(body));
    },
  };
}
export type IncidentLog = ReturnType<typeof incidentLog>;

function entryFrom(row: {
  seq: string;
  id: string;
  incident_id: string;
  cycle_id: string | null;
  stage: string;
  event: string;
  at: Date;
  text: string;
  data: unknown;
}): NumberedEntry {
  return {
    seq: row.seq,
    id: row.id,
    incidentId: row.incident_id,
    cycleId: row.cycle_id,
    stage: row.stage as NumberedEntry['stage'],
    event: row.event as NumberedEntry['event'],
    at: row.at.toISOString(),
    text: row.text,
    data: row.data as NumberedEntry['data'],
  };
}
