import { OutcomeType, type PageQuery, Plan } from '@charter/shared/contracts';
import { pageFrom, type Store } from '@charter/store';
import { z } from 'zod';
import { PlanStatus } from '../domain/attempt.ts';
import type { PlanTables } from './tables.ts';

/** A plan as this service shows it: the contract, and where it is. */
export const PlanItem = Plan.extend({
  status: PlanStatus,
  approvalId: z.string().nullable(),
  executionId: z.string().nullable(),
  executionState: z.string().nullable(),
  outcome: OutcomeType.nullable(),
  /** Why it ended or nothing was done. */
  statusReason: z.string().nullable(),
});
export type PlanItem = z.infer<typeof PlanItem>;

export interface PlanQuery extends PageQuery {
  readonly incidentId?: string | undefined;
  readonly status?: PlanStatus | undefined;
}

/** Recorded plans, for reading. */
export function planLog(store: Store<PlanTables>) {
  return {
    async find(id: string): Promise<PlanItem | null> {
      const row = await store.db.selectFrom('plan').selectAll().where('id', '=', id).executeTakeFirst();
      return row ? itemFrom(row) : null;
    },
    async page(query: PlanQuery) {
      let rows = store.db
        .selectFrom('plan')
        .selectAll()
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.incidentId) rows = rows.where('incident_id', '=', query.incidentId);
      if (query.status) rows = rows.where('status', '=', query.status);
      return pageFrom((await rows.execute()).map(itemFrom), query);
    },
    /** How many plans wait for people, and for how long the oldest does. */
    async waiting(): Promise<{ count: number; oldestSeconds: number }> {
      const row = await store.db
        .selectFrom('plan')
        .select((eb) => [eb.fn.countAll<string>().as('count'), eb.fn.min('created_at').as('oldest')])
        .where('status', '=', 'pending')
        .executeTakeFirst();
      const oldest = row?.oldest ?? null;
      return { count: Number(row?.count ?? 0), oldestSeconds: oldest ? (Date.now() - oldest.getTime()) / 1_000 : 0 };
    },
  };
}
export type PlanLog = ReturnType<typeof planLog>;

const itemFrom = (row: {
  body: unknown;
  status: string;
  approval_id: string | null;
  execution_id: string | null;
  execution_state: string | null;
  outcome_type: string | null;
  reason: string | null;
}): PlanItem => ({
  ...Plan.parse(row.body),
  status: PlanStatus.parse(row.status),
  approvalId: row.approval_id,
  executionId: row.execution_id,
  executionState: row.execution_state,
  outcome: OutcomeType.nullable().parse(row.outcome_type),
  statusReason: row.reason,
});
