import { Analysis, type PageQuery, Violation } from '@charter/shared/contracts';
import { pageFrom, type Store, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { isWorthAnotherLook, lookAgainSeconds } from '../domain/look-again.ts';
import type { OpenIncident } from '../domain/merge-incidents.ts';
import type { AnalyzeTables } from '../migrations.ts';

/** An incident that changed since it was last analyzed. */
export interface WaitingIncident extends OpenIncident {
  readonly changed: string;
  readonly revision: number;
  readonly cycleId: string | null;
  readonly traceparent: string | null;
  readonly violations: readonly Violation[];
}

/** A first look is taken at once; further changes of the same incident are gathered this long. */
const gatherSeconds = 1;

/** Incidents and their analyses in Postgres. */
export function analysisLog(store: Store<AnalyzeTables>) {
  return {
    /** Incidents that are due, oldest change first. */
    async waiting(limit: number): Promise<WaitingIncident[]> {
      const rows = await store.db
        .selectFrom('incident')
        .selectAll()
        .where((eb) =>
          eb.or([
            eb('revision', '=', 0),
            eb.and([
              eb('analyzed', '<', eb.ref('changed')),
              eb('changed_at', '<', sql<Date>`now() - make_interval(secs => ${gatherSeconds})`),
            ]),
            eb('look_again_at', '<', sql<Date>`now()`),
          ]),
        )
        .orderBy('changed_at')
        .limit(limit)
        .execute();
      const violations = await violationsOf(
        store,
        rows.map(({ id }) => id),
      );
      return rows.map((row) => ({
        ...openIncidentFrom(row),
        changed: row.changed,
        revision: row.revision,
        cycleId: row.cycle_id,
        traceparent: row.traceparent,
        violations: violations.get(row.id) ?? [],
      }));
    },

    async open(environment: string): Promise<OpenIncident[]> {
      const rows = await store.db
        .selectFrom('incident')
        .selectAll()
        .where('environment', '=', environment)
        .where('cleared_at', 'is', null)
        .orderBy('opened_at')
        .limit(1_000)
        .execute();
      return rows.map(openIncidentFrom);
    },

    /** @returns false when the incident changed or was analyzed by another replica meanwhile: nothing is recorded then */
    async record(tx: Tx<AnalyzeTables>, incident: WaitingIncident, analysis: Analysis, windows: unknown[]) {
      const cleared = analysis.violations.every(({ state }) => state === 'resolved');
      const cause = analysis.verdict === 'determined' ? analysis.rootCauses[0] : undefined;
      const { numUpdatedRows } = await tx.db
        .updateTable('incident')
        .set({
          analyzed: incident.changed,
          revision: analysis.revision,
          merged_into: analysis.mergedInto,
          cleared_at: cleared ? new Date(analysis.analyzedAt) : null,
          look_again_at:
            !cleared && isWorthAnotherLook(analysis)
              ? sql<Date>`now() + make_interval(secs => ${lookAgainSeconds})`
              : null,
          ...(cause ? { blames: JSON.stringify({ component: cause.component, metric: cause.metric }) } : {}),
        })
        .where('id', '=', incident.id)
        .where('revision', '=', incident.revision)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await tx.db
        .insertInto('analysis')
        .values({
          id: analysis.id,
          incident_id: incident.id,
          revision: analysis.revision,
          component: incident.component,
          verdict: analysis.verdict,
          analyzed_at: new Date(analysis.analyzedAt),
          body: JSON.stringify(analysis),
          windows: JSON.stringify(windows),
        })
        .execute();
      return true;
    },

    async find(id: string): Promise<{ analysis: Analysis; windows: unknown } | null> {
      const row = await store.db
        .selectFrom('analysis')
        .select(['body', 'windows'])
        .where('id', '=', id)
        .executeTakeFirst();
      return row ? { analysis: Analysis.parse(row.body), windows: row.windows } : null;
    },

    async latestOf(incidentId: string): Promise<Analysis | null> {
      const row = await store.db
        .selectFrom('analysis')
        .select('body')
        .where('incident_id', '=', incidentId)
        .orderBy('revision', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row ? Analysis.parse(row.body) : null;
    },

    async page(query: PageQuery & { incidentId?: string | undefined }) {
      let rows = store.db
        .selectFrom('analysis')
        .select('body')
        .orderBy('id', 'desc')
        .limit(query.limit + 1);
      if (query.cursor) rows = rows.where('id', '<', query.cursor);
      if (query.incidentId) rows = rows.where('incident_id', '=', query.incidentId);
      return pageFrom(
        (await rows.execute()).map(({ body }) => Analysis.parse(body)),
        query,
      );
    },

    async forgetBefore(days: number): Promise<void> {
      const limit = sql<Date>`now() - make_interval(days => ${days})`;
      await store.db.deleteFrom('analysis').where('analyzed_at', '<', limit).execute();
      await store.db.deleteFrom('incident').where('cleared_at', '<', limit).execute();
    },
  };
}
export type AnalysisLog = ReturnType<typeof analysisLog>;

async function violationsOf(store: Store<AnalyzeTables>, incidentIds: string[]): Promise<Map<string, Violation[]>> {
  if (incidentIds.length === 0) return new Map();
  const rows = await store.db
    .selectFrom('violation')
    .select('body')
    .where('incident_id', 'in', incidentIds)
    .orderBy('id')
    .limit(5_000)
    .execute();
  return Map.groupBy(
    rows.map(({ body }) => Violation.parse(body)),
    ({ incidentId }) => incidentId,
  );
}

function openIncidentFrom(row: {
  id: string;
  environment: string;
  component: string;
  opened_at: Date;
  merged_into: string | null;
  blames: { component: string; metric: string } | null;
}): OpenIncident {
  return {
    id: row.id,
    environment: row.environment,
    component: row.component,
    openedAt: row.opened_at.toISOString(),
    mergedInto: row.merged_into,
    blames: row.blames,
  };
}
