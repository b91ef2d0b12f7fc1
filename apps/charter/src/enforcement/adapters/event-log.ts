import { CharterError } from '@charter/shared/contracts';
import { newId, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { CharterTables } from '../../tables.ts';
import { isListed, type Sanction } from '../domain/violation-scale.ts';
import type { DomainMetrics } from '../metrics.ts';
import { lockLadder } from './climb-ladder.ts';
import { escalate, signal } from './escalate.ts';
import type { EventRow } from './event-rows.ts';

export interface ReportedViolation {
  readonly severity: Sanction;
  readonly violationType: string;
  readonly nodeOrService: string;
  readonly description: string;
  readonly evidence: string | null;
  readonly by: string;
}

export interface EventLogOptions {
  readonly store: Store<CharterTables>;
  readonly environment: string;
  readonly metrics: DomainMetrics;
  /** Forbidden collection that stopped for this long no longer fires. */
  readonly quietSeconds: number;
}

export interface EventQuery {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly severity?: string | undefined;
}

const oneRound = 200;

/** The violations that enforcement found or was told of. */
export function eventLog({ store, environment, metrics, quietSeconds }: EventLogOptions) {
  const quiet = ({ db }: Pick<Tx<CharterTables>, 'db'>) =>
    db
      .selectFrom('enforcement_event')
      .selectAll()
      .where('is_firing', '=', true)
      .where('kind', '=', 'forbidden-metric')
      .where('environment', '=', environment)
      .where('last_at', '<', sql<Date>`now() - make_interval(secs => ${quietSeconds})`)
      .orderBy('last_at')
      .limit(oneRound);

  async function endQuiet(tx: Tx<CharterTables>): Promise<void> {
    await lockLadder(tx);
    const rows = await quiet(tx).execute();
    for (const row of rows) await stopSignal(tx, row);
    await appendAudit(
      tx,
      rows.map(({ id, metric_name, attempt_count }) => ({
        actor: 'charter',
        action: 'violation.quiet',
        subject: id,
        data: { metric: metric_name, attempts: attempt_count },
      })),
    );
  }

  return {
    /** From HIGH up, newest first. */
    async list({ limit, before, severity }: EventQuery): Promise<EventRow[]> {
      let rows = store.db.selectFrom('enforcement_event').selectAll().orderBy('id', 'desc').limit(limit);
      if (before !== undefined) rows = rows.where('id', '<', before);
      if (severity !== undefined) rows = rows.where('severity', '=', severity);
      const found = await rows.execute();
      return found.filter((row) => isListed(row.kind === 'reported' ? 'reported' : 'forbidden-metric', row.severity));
    },
    async find(id: string): Promise<EventRow | null> {
      return (
        (await store.db.selectFrom('enforcement_event').selectAll().where('id', '=', id).executeTakeFirst()) ?? null
      );
    },
    /** Records what somebody says about a person or service, and tells everybody who has to know. */
    async report(reported: ReportedViolation): Promise<EventRow> {
      const startedAt = performance.now();
      const now = new Date();
      const escalation = await store.transaction(async (tx) => {
        const [escalated] = await escalate(tx, [
          {
            key: `reported/${newId()}`,
            kind: 'reported',
            environment,
            metricName: null,
            policy: null,
            attemptCount: null,
            threshold: null,
            action: null,
            startedAt: now,
            lastAt: now,
            reportedBy: reported.by,
            severity: reported.severity,
            violationType: reported.violationType,
            nodeOrService: reported.nodeOrService,
            description: reported.description,
            evidence: reported.evidence,
          },
        ]);
        if (!escalated) throw new Error('what was reported is no event');
        await appendAudit(tx, escalated.audit);
        return escalated;
      });
      metrics.reported((performance.now() - startedAt) / 1_000);
      metrics.violated(reported.severity, reported.violationType, reported.nodeOrService);
      escalation.count(metrics);
      return escalation.row;
    },
    /** Tells monitor which forbidden collection has stopped. */
    async settle(): Promise<void> {
      if ((await quiet(store).limit(1).execute()).length > 0) await store.transaction(endQuiet);
    },
  };
}
export type EventLog = ReturnType<typeof eventLog>;

/** Monitor knows one violation per component and kind: it ends with the last event that fires there. */
export async function stopSignal(tx: Tx<CharterTables>, row: EventRow): Promise<void> {
  await tx.db.updateTable('enforcement_event').set({ is_firing: false }).where('id', '=', row.id).execute();
  const other = await tx.db
    .selectFrom('enforcement_event')
    .select('id')
    .where('is_firing', '=', true)
    .where('kind', '=', row.kind)
    .where('environment', '=', row.environment)
    .where('node_or_service', '=', row.node_or_service)
    .executeTakeFirst();
  if (!other) await signal(tx, [row], 'resolved');
}

export async function eventFor(tx: Tx<CharterTables>, id: string): Promise<EventRow> {
  const row = await tx.db.selectFrom('enforcement_event').selectAll().where('id', '=', id).executeTakeFirst();
  if (!row) throw new CharterError('not-found', `No violation ${id}`);
  return row;
}
