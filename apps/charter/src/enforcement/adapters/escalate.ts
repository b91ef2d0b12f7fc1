import { type Signal, signalQueue } from '@charter/shared/contracts';
import { type Column, newId, rowsOf, type Tx } from '@charter/store';
import { sql } from 'kysely';
import type { AuditEntry } from '../../domain/audit-chain.ts';
import type { CharterTables } from '../../tables.ts';
import { type EventKind, isInvestigated, isNotified, signalSeverity } from '../domain/violation-scale.ts';
import type { DomainMetrics } from '../metrics.ts';

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

/** What an escalation leaves to do once its transaction has committed, and what the audit log is to say. */
export interface Escalation {
  readonly row: EventRow;
  readonly audit: readonly AuditEntry[];
  readonly count: (metrics: DomainMetrics) => void;
}

/** Monitor is told of an event that only grows at most this often. */
const resignalSeconds = 5;

const ruleOf: Readonly<Record<EventKind, string>> = {
  'forbidden-metric': 'forbidden-metric',
  reported: 'reported-violation',
};

/**
 * Records events as they are now: what is new or more severe is raised, the rest only grows.
 * @returns what each leaves to do, in the same order; no two of them have the same key
 */
export async function escalate(tx: Tx<CharterTables>, events: readonly EventFacts[]): Promise<Escalation[]> {
  if (events.length === 0) return [];
  const known = new Map((await knownEvents(tx, events)).map((row) => [row.event_key, row]));
  const grown = events.filter(({ key, severity }) => known.get(key)?.severity === severity);
  if (grown.length > 0) await grow(tx, grown);
  const escalations: Escalation[] = [];
  for (const facts of events) {
    const before = known.get(facts.key);
    if (before?.severity !== facts.severity) {
      escalations.push(await raise(tx, facts, before));
      continue;
    }
    const { is_due: isDue, ...former } = before;
    const row = { ...former, ...changing(facts) };
    if (!before.is_firing || isDue) await signal(tx, row, 'firing');
    escalations.push({ row, audit: [], count: () => undefined });
  }
  return escalations;
}

const knownEvents = (tx: Tx<CharterTables>, events: readonly EventFacts[]) =>
  tx.db
    .selectFrom('enforcement_event')
    .selectAll()
    .select(sql<boolean>`signaled_at < now() - make_interval(secs => ${resignalSeconds})`.as('is_due'))
    .where(
      'event_key',
      'in',
      events.map(({ key }) => key),
    )
    .orderBy('event_key')
    .forUpdate()
    .execute();

/**
 * Records an event that is new, or more severe than before, and everything that follows from it, in one transaction:
 * the signal to monitor, the notice to the committee, the investigation.
 */
export async function raise(tx: Tx<CharterTables>, facts: EventFacts, before?: EventRow): Promise<Escalation> {
  const row = before ? await update(tx, before.id, facts) : await insert(tx, facts);
  await signal(tx, row, 'firing');
  const { kind, severity, violation_type: type, node_or_service: node } = row;
  if (isNotified(kind === 'reported' ? 'reported' : 'forbidden-metric', severity)) await notify(tx, row);
  const isOpened = isInvestigated(severity) && (await investigate(tx, row));
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
  const actor = row.reported_by;
  return {
    row,
    audit: [
      { actor, action: before ? 'violation.raised' : 'violation.recorded', subject: row.id, data },
      ...(isOpened ? [{ actor: 'charter', action: 'investigation.opened', subject: row.id, data: { severity } }] : []),
    ],
    count(metrics) {
      if (isOpened) metrics.investigated(type, 'system');
    },
  };
}

/** Tells monitor how an event stands; the same event keeps its component and rule. */
export async function signal(tx: Tx<CharterTables>, row: EventRow, state: Signal['state']): Promise<void> {
  const rule = ruleOf[row.kind === 'reported' ? 'reported' : 'forbidden-metric'];
  const metric = row.metric_name ?? row.violation_type;
  const labels = {
    event: row.id,
    severity: row.severity,
    violation_type: row.violation_type,
    ...(row.policy === null ? {} : { policy: row.policy }),
    ...(row.action === null ? {} : { action: row.action }),
  };
  await tx.enqueue(signalQueue, {
    rule,
    component: row.node_or_service,
    environment: row.environment,
    metric: metric.slice(0, 200),
    severity: signalSeverity(row.severity),
    state,
    value: row.attempt_count,
    threshold: row.threshold,
    labels,
    description: row.description,
    at: row.started_at.toISOString(),
  });
  await tx.db
    .updateTable('enforcement_event')
    .set({ signaled_at: sql<Date>`now()`, is_firing: state === 'firing' })
    .where('id', '=', row.id)
    .execute();
}

const insert = (tx: Tx<CharterTables>, facts: EventFacts): Promise<EventRow> =>
  tx.db
    .insertInto('enforcement_event')
    .values({
      id: newId(),
      event_key: facts.key,
      kind: facts.kind,
      violation_type: facts.violationType,
      node_or_service: facts.nodeOrService,
      environment: facts.environment,
      metric_name: facts.metricName,
      policy: facts.policy,
      evidence: facts.evidence,
      reported_by: facts.reportedBy,
      started_at: facts.startedAt,
      ...changing(facts),
    })
    .returningAll()
    .executeTakeFirstOrThrow();

const grownColumns: readonly Column<EventFacts>[] = [
  { type: 'text', of: ({ key }) => key },
  { type: 'bigint', of: ({ attemptCount }) => attemptCount?.toString() ?? null },
  { type: 'bigint', of: ({ threshold }) => threshold?.toString() ?? null },
  { type: 'text', of: ({ action }) => action },
  { type: 'text', of: ({ description }) => description },
  { type: 'timestamptz', of: ({ lastAt }) => lastAt.toISOString() },
];

/** Events that stay as severe as they were, all in one statement. */
async function grow(tx: Tx<CharterTables>, events: readonly EventFacts[]): Promise<void> {
  await sql`
    update charter.enforcement_event as event set attempt_count = grown.attempt_count, threshold = grown.threshold,
      action = grown.action, description = grown.description, last_at = grown.last_at
    from ${rowsOf(events, grownColumns)} as grown(key, attempt_count, threshold, action, description, last_at)
    where event.event_key = grown.key`.execute(tx.db);
}

const update = (tx: Tx<CharterTables>, id: string, facts: EventFacts): Promise<EventRow> =>
  tx.db
    .updateTable('enforcement_event')
    .set(changing(facts))
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();

const changing = (facts: EventFacts) => ({
  severity: facts.severity,
  attempt_count: facts.attemptCount,
  threshold: facts.threshold,
  action: facts.action,
  description: facts.description,
  last_at: facts.lastAt,
});

async function notify(tx: Tx<CharterTables>, { id, severity, description }: EventRow): Promise<void> {
  await tx.db
    .insertInto('committee_notice')
    .values({
      id: newId(),
      event_id: id,
      severity,
      text: `${severity}: ${description}`,
      delivered_at: null,
      recipients: null,
      created_at: sql<Date>`clock_timestamp()`,
    })
    .execute();
}

async function investigate(tx: Tx<CharterTables>, row: EventRow): Promise<boolean> {
  const opened = await tx.db
    .insertInto('investigation')
    .values({
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
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst();
  return opened !== undefined;
}
