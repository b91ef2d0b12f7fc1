import { CharterError, type PageQuery } from '@charter/shared/contracts';
import { pageFrom, type Store } from '@charter/store';
import { sql } from 'kysely';
import type { Tally } from '../domain/statistics.ts';
import type { ViolationRecord } from '../domain/violation-record.ts';
import type { MonitorTables } from '../tables.ts';

export interface ViolationFilter {
  readonly state?: 'firing' | 'resolved' | undefined;
  readonly incidentId?: string | undefined;
  readonly component?: string | undefined;
  readonly fingerprint?: string | undefined;
}

/** The history of violations. */
export interface ViolationLog {
  list(filter: ViolationFilter, page: PageQuery): Promise<{ items: ViolationRecord[]; nextCursor: string | null }>;
  /** @throws CharterError `not-found` */
  find(id: string): Promise<ViolationRecord>;
  /** Counts of what was detected in the window or fires still, by severity, component and metric. */
  tally(windowSeconds: number): Promise<Tally[]>;
}

export function violationLog({ db }: Store<MonitorTables>): ViolationLog {
  return {
    async list({ state, incidentId, component, fingerprint }, page) {
      let query = db
        .selectFrom('violation')
        .select('record')
        .orderBy('id', 'desc')
        .limit(page.limit + 1);
      if (state !== undefined) query = query.where('state', '=', state);
      if (incidentId !== undefined) query = query.where('incident_id', '=', incidentId);
      if (component !== undefined) query = query.where('component', '=', component);
      if (fingerprint !== undefined) query = query.where('fingerprint', '=', fingerprint);
      if (page.cursor !== undefined) query = query.where('id', '<', page.cursor);
      const rows = await query.execute();
      return pageFrom(
        rows.map(({ record }) => record),
        page,
      );
    },
    async find(id) {
      const row = await db.selectFrom('violation').select('record').where('id', '=', id).executeTakeFirst();
      if (!row) throw new CharterError('not-found', `No violation ${id}`);
      return row.record;
    },
    async tally(windowSeconds) {
      const { rows } = await sql<Tally>`
        select severity, component, metric, count(*)::int as detected,
          count(*) filter (where state = 'firing')::int as firing,
          count(*) filter (where state = 'resolved')::int as resolved,
          avg(extract(epoch from resolved_at - detected_at))::float8 as "meanDurationSeconds"
        from monitor.violation
        where detected_at >= now() - make_interval(secs => ${windowSeconds}) or state = 'firing'
        group by severity, component, metric`.execute(db);
      return rows;
    },
  };
}
