import type { PageQuery } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import type { Evaluation } from '../domain/observe-query.ts';
import type { SignalState } from '../domain/signal-state.ts';
import type { MonitorTables } from '../tables.ts';

/** What was last seen: of rules, and of each component they look at. */
export interface ObservationLog {
  evaluations(): Promise<Map<string, Evaluation>>;
  /** Latest looks first. */
  signals(
    filter: { readonly component?: string | undefined; readonly rule?: string | undefined },
    page: PageQuery,
  ): Promise<{ items: SignalState[]; nextCursor: string | null }>;
}

export function observationLog({ db }: Store<MonitorTables>): ObservationLog {
  return {
    async evaluations() {
      const rows = await db.selectFrom('evaluation').select(['rule', 'record']).execute();
      return new Map(rows.map(({ rule, record }) => [rule, record]));
    },
    async signals({ component, rule }, { limit, cursor }) {
      const [, ms, last] = /^(\d{1,15})-([0-9a-f]{32})$/.exec(cursor ?? '') ?? [];
      let query = db
        .selectFrom('signal')
        .select('state')
        .orderBy('observed_at', 'desc')
        .orderBy('fingerprint', 'desc')
        .limit(limit + 1);
      if (component !== undefined) query = query.where('component', '=', component);
      if (rule !== undefined) query = query.where('rule', '=', rule);
      if (ms !== undefined && last !== undefined) {
        query = query.where(sql<boolean>`(observed_at, fingerprint) < (${new Date(Number(ms))}, ${last})`);
      }
      const states = (await query.execute()).map(({ state }) => state);
      const items = states.slice(0, limit);
      const end = items.at(-1);
      const more = states.length > limit && end !== undefined;
      return { items, nextCursor: more ? `${String(end.observedAt)}-${end.fingerprint}` : null };
    },
  };
}
