import type { Analysis } from '@charter/shared/contracts';
import { Analysis as AnalysisContract } from '@charter/shared/contracts';
import type { Store, Tx } from '@charter/store';
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
  const { incidentId, environment, revision, mergedInto } = analysis;
  const before = await tx.db
    .selectFrom('incident')
    .select(['merged_into', 'answer'])
    .where('id', '=', incidentId)
    .forUpdate()
    .executeTakeFirst();
  const row = {
    blamed: blamedOf(analysis),
    revision,
    analysis_id: analysis.id,
    analysis: JSON.stringify(analysis),
    state: analysis.violations.some(isFiring) ? ('open' as const) : ('resolved' as const),
    merged_into: mergedInto,
    heard_at: new Date(),
  };
  const { numInsertedOrUpdatedRows } = await tx.db
    .insertInto('incident')
    .values({ id: incidentId, environment, component: componentOf(analysis), answer: null, ...row })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(row).where('incident.revision', '<=', revision))
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) return null;
  return {
    answer: before?.answer ?? null,
    newlyMerged: mergedInto !== null && before?.merged_into !== mergedInto,
  };
}

export async function answerIncident(tx: Tx<PlanTables>, incidentId: string, answer: string | null): Promise<void> {
  await tx.db.updateTable('incident').set({ answer }).where('id', '=', incidentId).execute();
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
