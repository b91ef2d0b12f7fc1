import { type Signal, signalQueue } from '@charter/shared/contracts';
import { newId, type Tx } from '@charter/store';
import { sql } from 'kysely';
import type { AuditEntry } from '../../domain/audit-chain.ts';
import type { CharterTables } from '../../tables.ts';
import { type EventKind, isInvestigated, isNotified, signalSeverity } from '../domain/violation-scale.ts';
import type { DomainMetrics } from '../metrics.ts';
import { type EventFacts, type EventRow, type RecordedEvent, recordEvents } from './event-rows.ts';

/** What an escalation leaves to do once its transaction has committed, and what the audit log is to say. */
export interface Escalation {
  readonly row: EventRow;
  readonly audit: readonly AuditEntry[];
  readonly count: (metrics: DomainMetrics) => void;
}

const ruleOf: Readonly<Record<EventKind, string>> = {
  'forbidden-metric': 'forbidden-metric',
  reported: 'reported-violation',
};

/**
 * Records events as they are now, and everything that follows from one that is new or more severe than before, in one
 * transaction: the signal to monitor, the notice to the committee, the investigation. The rest only grows. Each step is
 * one statement, whatever the number of events.
 * @returns what each leaves to do, in the same order; no two of them have the same key
 */
export async function escalate(tx: Tx<CharterTables>, events: readonly EventFacts[]): Promise<Escalation[]> {
  if (events.length === 0) return [];
  const recorded = await recordEvents(tx, events);
  const told = recorded.filter((event) => hasRisen(event) || event.isDue || !event.row.is_firing);
  await signal(tx, told.map(rowOf), 'firing');
  const risen = recorded.filter(hasRisen).map(rowOf);
  await notify(
    tx,
    risen.filter((row) => isNotified(kindOf(row), row.severity)),
  );
  const investigated = await investigate(
    tx,
    risen.filter(({ severity }) => isInvestigated(severity)),
  );
  return recorded.map((event) => escalationOf(event, investigated.has(event.row.id)));
}

const rowOf = ({ row }: RecordedEvent): EventRow => row;
const hasRisen = ({ row, before }: RecordedEvent): boolean => row.severity !== before;
const kindOf = ({ kind }: EventRow): EventKind => (kind === 'reported' ? 'reported' : 'forbidden-metric');

function escalationOf(event: RecordedEvent, isOpened: boolean): Escalation {
  const { row, before } = event;
  if (!hasRisen(event)) return { row, audit: [], count: () => undefined };
  const { id, kind, severity, violation_type: type, node_or_service: node, reported_by: actor } = row;
  const data = {
    kind,
    severity,
    violationType: type,
    nodeOrService: node,
    metric: row.metric_name,
    policy: row.policy,
    attempts: row.attempt_count,
    action: row.action,
  };
  return {
    row,
    audit: [
      { actor, action: before === null ? 'violation.recorded' : 'violation.raised', subject: id, data },
      ...(isOpened ? [{ actor: 'charter', action: 'investigation.opened', subject: id, data: { severity } }] : []),
    ],
    count(metrics) {
      if (isOpened) metrics.investigated(type, 'system');
    },
  };
}

/** Tells monitor how events stand; the same event keeps its component and rule. */
export async function signal(tx: Tx<CharterTables>, rows: readonly EventRow[], state: Signal['state']): Promise<void> {
  if (rows.length === 0) return;
  await tx.enqueueAll(
    signalQueue,
    rows.map((row) => ({ data: signalOf(row, state) })),
  );
  await tx.db
    .updateTable('enforcement_event')
    .set({ signaled_at: sql<Date>`now()`, is_firing: state === 'firing' })
    .where('id', '=', sql<string>`any(${rows.map(({ id }) => id)})`)
    .execute();
}

const signalOf = (row: EventRow, state: Signal['state']): Signal => ({
  rule: ruleOf[kindOf(row)],
  component: row.node_or_service,
  environment: row.environment,
  metric: (row.metric_name ?? row.violation_type).slice(0, 200),
  severity: signalSeverity(row.severity),
  state,
  value: row.attempt_count,
  threshold: row.threshold,
  labels: {
    event: row.id,
    severity: row.severity,
    violation_type: row.violation_type,
    ...(row.policy === null ? {} : { policy: row.policy }),
    ...(row.action === null ? {} : { action: row.action }),
  },
  description: row.description,
  at: row.started_at.toISOString(),
});

async function notify(tx: Tx<CharterTables>, rows: readonly EventRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.db
    .insertInto('committee_notice')
    .values(
      rows.map(({ id, severity, description }) => ({
        id: newId(),
        event_id: id,
        severity,
        text: `${severity}: ${description}`,
        delivered_at: null,
        recipients: null,
        created_at: sql<Date>`clock_timestamp()`,
      })),
    )
    .execute();
}

/** @returns the ids of the events whose investigation is new */
async function investigate(tx: Tx<CharterTables>, rows: readonly EventRow[]): Promise<ReadonlySet<string | null>> {
  if (rows.length === 0) return new Set();
  const opened = await tx.db
    .insertInto('investigation')
    .values(
      rows.map((row) => ({
        id: newId(),
        event_id: row.id,
        violation_type: row.violation_type,
        severity: row.severity,
        node_or_service: row.node_or_service,
        initiated_by: 'system',
        opened_by: 'charter',
        summary: row.description,
        workload_hours: 1,
        status: 'open',
        closed_at: null,
        closed_by: null,
        finding: null,
        result: null,
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .returning('event_id')
    .execute();
  return new Set(opened.map(({ event_id }) => event_id));
}
