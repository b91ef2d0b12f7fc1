import { type Column, newId, rowsOf, type Tx } from '@charter/store';
import { sql } from 'kysely';
import type { CharterTables } from '../../tables.ts';
import type { EventKind } from '../domain/violation-scale.ts';

export type EventRow = Omit<CharterTables['enforcement_event'], 'signaled_at' | 'is_firing'> & {
  signaled_at: Date;
  is_firing: boolean;
};

/** An event as it is now, whether or not it is known. */
export interface EventFacts {
  readonly key: string;
  readonly kind: EventKind;
  readonly severity: string;
  readonly violationType: string;
  readonly nodeOrService: string;
  readonly environment: string;
  readonly metricName: string | null;
  readonly policy: string | null;
  readonly attemptCount: number | null;
  readonly threshold: number | null;
  readonly action: string | null;
  readonly description: string;
  readonly evidence: string | null;
  readonly reportedBy: string;
  readonly startedAt: Date;
  readonly lastAt: Date;
}

/** An event after it was recorded. */
export interface RecordedEvent {
  readonly row: EventRow;
  /** Its severity before; null when it is new. */
  readonly before: string | null;
  /** Monitor has to be told that it goes on. */
  readonly isDue: boolean;
}

/** Monitor is told of an event that only grows at most this often. */
const resignalSeconds = 5;

/** Records events as they are now. @returns them in the same order; no two of them have the same key */
export async function recordEvents(tx: Tx<CharterTables>, events: readonly EventFacts[]): Promise<RecordedEvent[]> {
  const known = await update(tx, events);
  const unknown = events.filter(({ key }) => !known.has(key));
  const opened = unknown.length === 0 ? new Map<string, RecordedEvent>() : await insert(tx, unknown);
  return events.flatMap(({ key }) => known.get(key) ?? opened.get(key) ?? []);
}

/** What changes while an event lasts, by key. */
const changing: readonly Column<EventFacts>[] = [
  { type: 'text', of: ({ key }) => key },
  { type: 'text', of: ({ severity }) => severity },
  { type: 'bigint', of: ({ attemptCount }) => attemptCount?.toString() ?? null },
  { type: 'bigint', of: ({ threshold }) => threshold?.toString() ?? null },
  { type: 'text', of: ({ action }) => action },
  { type: 'text', of: ({ description }) => description },
  { type: 'timestamptz', of: ({ lastAt }) => lastAt.toISOString() },
];
const lasting: readonly Column<EventFacts>[] = [
  { type: 'text', of: () => newId() },
  { type: 'text', of: ({ kind }) => kind },
  { type: 'text', of: ({ violationType }) => violationType },
  { type: 'text', of: ({ nodeOrService }) => nodeOrService },
  { type: 'text', of: ({ environment }) => environment },
  { type: 'text', of: ({ metricName }) => metricName },
  { type: 'text', of: ({ policy }) => policy },
  { type: 'text', of: ({ evidence }) => evidence },
  { type: 'text', of: ({ reportedBy }) => reportedBy },
  { type: 'timestamptz', of: ({ startedAt }) => startedAt.toISOString() },
];

async function update(
  { db }: Tx<CharterTables>,
  events: readonly EventFacts[],
): Promise<ReadonlyMap<string, RecordedEvent>> {
  const { rows } = await sql<EventRow & { before: string; is_due: boolean }>`
    with known as (
      select event_key, severity as before, signaled_at < now() - make_interval(secs => ${resignalSeconds}) as is_due
      from charter.enforcement_event where event_key = any(${events.map(({ key }) => key)})
      order by event_key for update
    )
    update charter.enforcement_event as event
    set severity = facts.severity, attempt_count = facts.attempt_count, threshold = facts.threshold,
      action = facts.action, description = facts.description, last_at = facts.last_at
    from known, ${rowsOf(events, changing)}
      as facts(key, severity, attempt_count, threshold, action, description, last_at)
    where event.event_key = known.event_key and facts.key = known.event_key
    returning event.*, known.before, known.is_due`.execute(db);
  return new Map(rows.map(({ before, is_due: isDue, ...row }) => [row.event_key, { row, before, isDue }]));
}

async function insert(
  { db }: Tx<CharterTables>,
  events: readonly EventFacts[],
): Promise<ReadonlyMap<string, RecordedEvent>> {
  const { rows } = await sql<EventRow>`
    insert into charter.enforcement_event (event_key, severity, attempt_count, threshold, action, description, last_at,
      id, kind, violation_type, node_or_service, environment, metric_name, policy, evidence, reported_by, started_at)
    select * from ${rowsOf(events, [...changing, ...lasting])} returning *`.execute(db);
  return new Map(rows.map((row) => [row.event_key, { row, before: null, isDue: true }]));
}
