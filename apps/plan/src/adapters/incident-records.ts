import type { Analysis } from '@charter/shared/contracts';
import { Analysis as AnalysisContract } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
import { sql } from 'kysely';
import { isFiring } from '../domain/restraint.ts';
import type { PlanTables } from './tables.ts';

export interface IncidentHeard {
  /** What was last answered to it. */
  readonly answer: string | null;
  /** Whether this analysis is the first to say that it is part of another incident. */
  readonly newlyMerged: boolean;
}

export const componentOf = ({ violations, rootCauses }: Analysis): string =>
  violations[0]?.component ?? rootCauses[0]?.component ?? 'unknown';

/** The component to blame: the best root cause's, or the one that shows the symptom. */
export const blamedOf = (analysis: Analysis): string => analysis.rootCauses[0]?.component ?? componentOf(analysis);

/**
 * Takes in what an analysis says of its incident and locks the incident until the transaction ends.
 * @returns null when a newer analysis was heard before
 */
export async function hearIncident(tx: Tx<PlanTables>, analysis: Analysis): Promise<IncidentHeard | null> {
  const { incidentId: id, environment, revision, mergedInto } = analysis;
  const heard = {
    blamed: blamedOf(analysis),
    revision,
    analysis_id: analysis.id,
    analysis: JSON.stringify(analysis),
    state: analysis.violations.some(isFiring) ? ('open' as const) : ('resolved' as const),
  };
  // the row is there before it is locked, so that of two first analyses the second sees what the first was answered
  await tx.db
    .insertInto('incident')
    .values({ id, environment, component: componentOf(analysis), merged_into: null, answer: null, ...heard })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
  const before = await tx.db
    .selectFrom('incident')
    .select(['merged_into', 'answer', 'revision'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (before.revision > revision) return null;
  await tx.db
    .updateTable('incident')
    .set({ ...heard, merged_into: mergedInto, heard_at: newest(revision) })
    .where('id', '=', id)
    .execute();
  return { answer: before.answer, newlyMerged: mergedInto !== null && before.merged_into !== mergedInto };
}

/** Hearing the same again makes evidence no younger. */
const newest = (revision: number) =>
  sql<Date>`case when incident.revision < ${revision} then now() else incident.heard_at end`;

export async function answerIncident(tx: Tx<PlanTables>, incidentId: string, answer: string | null): Promise<void> {
  await tx.db.updateTable('incident').set({ answer }).where('id', '=', incidentId).execute();
}

/** Open incidents whose remedies were all blocked, but not for good. */
export async function blockedIncidents(store: Store<PlanTables>, answer: string): Promise<string[]> {
  const rows = await store.db
    .selectFrom('incident')
    .select('id')
    .where('state', '=', 'open')
    .where('merged_into', 'is', null)
    .where('answer', '=', answer)
    .orderBy('heard_at', 'desc')
    .limit(50)
    .execute();
  return rows.map(({ id }) => id);
}

/** The newest analysis of one incident, unless it is older than that; null when there is none. */
export async function freshAnalysis(
  store: Store<PlanTables>,
  incidentId: string,
  seconds: number,
): Promise<Analysis | null> {
  const row = await store.db
    .selectFrom('incident')
    .select('analysis')
    .where('id', '=', incidentId)
    .where('heard_at', '>', sql<Date>`now() - make_interval(secs => ${seconds})`)
    .executeTakeFirst();
  return row ? AnalysisContract.parse(row.analysis) : null;
}

/** The newest analysis of one incident; null when it was never heard of. */
export async function latestAnalysis(store: Store<PlanTables>, incidentId: string): Promise<Analysis | null> {
  const row = await store.db.selectFrom('incident').select('analysis').where('id', '=', incidentId).executeTakeFirst();
  return row ? AnalysisContract.parse(row.analysis) : null;
}

/** An analysis that is still the newest of its incident. */
export async function analysisById(store: Store<PlanTables>, id: string): Promise<Analysis | null> {
  const row = await store.db.selectFrom('incident').select('analysis').where('analysis_id', '=', id).executeTakeFirst();
  return row ? AnalysisContract.parse(row.analysis) : null;
}
