import { CharterError, type PageQuery } from '@charter/shared/contracts';
import { newId, pageFrom, type Store } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { CharterTables } from '../../tables.ts';
import type { DomainMetrics, Initiator } from '../metrics.ts';
import { eventFor, stopSignal } from './event-log.ts';

export type InvestigationRow = Omit<CharterTables['investigation'], 'opened_at'> & { opened_at: Date };

export interface NewInvestigation {
  readonly violationId: string | null;
  readonly violationType: string;
  readonly severity: string;
  readonly nodeOrService: string;
  readonly initiatedBy: Initiator;
  readonly summary: string;
  readonly workloadHours: number;
  readonly by: string;
}

export interface InvestigationEnd {
  readonly finding: string;
  readonly result: 'confirmed' | 'dismissed';
  readonly by: string;
}

/** What is being looked into, by whom it was opened and how much work it is. */
export function investigationLog(store: Store<CharterTables>, metrics: DomainMetrics) {
  return {
    async page(query: PageQuery & { status?: string | undefined }) {
      let rows = store.db
        .selectFrom('investigation')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.status) rows = rows.where('status', '=', query.status);
      return pageFrom(await rows.execute(), query);
    },
    async find(id: string): Promise<InvestigationRow | null> {
      return (await store.db.selectFrom('investigation').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
    },
    /** Throws `conflict` when the violation is investigated already. */
    async open(opened: NewInvestigation): Promise<InvestigationRow> {
      const row = await store.transaction(async (tx) => {
        if (opened.violationId !== null) await eventFor(tx, opened.violationId);
        const inserted = await tx.db
          .insertInto('investigation')
          .values({
            id: newId(),
            event_id: opened.violationId,
            violation_type: opened.violationType,
            severity: opened.severity,
            node_or_service: opened.nodeOrService,
            initiated_by: opened.initiatedBy,
            opened_by: opened.by,
            summary: opened.summary,
            workload_hours: opened.workloadHours,
            status: 'open',
            closed_at: null,
            closed_by: null,
            finding: null,
            result: null,
          })
          .onConflict((conflict) => conflict.doNothing())
          .returningAll()
          .executeTakeFirst();
        if (!inserted)
          throw new CharterError('conflict', `Violation ${String(opened.violationId)} is investigated already`);
        const { by, ...data } = opened;
        await appendAudit(tx, [{ actor: by, action: 'investigation.opened', subject: inserted.id, data }]);
        return inserted;
      });
      metrics.investigated(opened.violationType, opened.initiatedBy);
      return row;
    },
    /** Ends it; what was reported and is settled by it no longer fires. Throws `conflict` when it is closed. */
    async close(id: string, { finding, result, by }: InvestigationEnd): Promise<InvestigationRow> {
      return store.transaction(async (tx) => {
        const row = await tx.db
          .selectFrom('investigation')
          .selectAll()
          .where('id', '=', id)
          .forUpdate()
          .executeTakeFirst();
        if (!row) throw new CharterError('not-found', `No investigation ${id}`);
        if (row.status !== 'open') throw new CharterError('conflict', 'The investigation is closed');
        const closed = await tx.db
          .updateTable('investigation')
          .set({ status: 'closed', closed_at: sql<Date>`now()`, closed_by: by, finding, result })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow();
        if (row.event_id !== null) {
          const event = await eventFor(tx, row.event_id);
          if (event.kind === 'reported' && event.is_firing) await stopSignal(tx, event);
        }
        await appendAudit(tx, [{ actor: by, action: 'investigation.closed', subject: id, data: { finding, result } }]);
        return closed;
      });
    },
    /** Open ones and their hours, by severity. */
    async workload(): Promise<Array<{ severity: string; open: number; hours: number }>> {
      const rows = await store.db
        .selectFrom('investigation')
        .select((eb) => [
          'severity',
          eb.fn.countAll<string>().as('open'),
          eb.fn.sum<string>('workload_hours').as('hours'),
        ])
        .where('status', '=', 'open')
        .groupBy('severity')
        .orderBy('severity')
        .execute();
      return rows.map(({ severity, open, hours }) => ({ severity, open: Number(open), hours: Number(hours) }));
    },
  };
}
export type InvestigationLog = ReturnType<typeof investigationLog>;
