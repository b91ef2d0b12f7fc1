import { createTextIndex, type TextIndex } from '@charter/learning';
import type { Outcome } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { incidentText } from '../domain/incident-text.ts';
import type { KnowledgeTables } from '../migrations.ts';
import { outcomeFrom } from './outcome-log.ts';

export interface SimilarIncident {
  readonly incidentId: string;
  readonly score: number;
  readonly outcomes: readonly Outcome[];
}

const nearlyMs = 60_000;
/** Newest outcomes that are searched. */
const searched = 2_000;

/** Past incidents, to be found by what they were about. The index is made again when outcomes came or changed. */
export function incidentMemory({ db }: Pick<Store<KnowledgeTables>, 'db'>) {
  let indexedAt = Number.NEGATIVE_INFINITY;
  let known: { state: string; index: TextIndex; incidents: Map<string, Outcome[]> } | null = null;

  async function current() {
    // every word on an outcome adds a revision, and forgetting takes them away
    const { state } = await db
      .selectFrom('outcome_revision')
      .select(sql<string>`count(*) || ' ' || coalesce(max(id), 0)`.as('state'))
      .executeTakeFirstOrThrow();
    if (known?.state === state) return known;
    const rows = await db.selectFrom('outcome').selectAll().orderBy('id', 'desc').limit(searched).execute();
    const incidents = Map.groupBy(rows.map(outcomeFrom), ({ incidentId }) => incidentId);
    const documents = [...incidents].map(([id, outcomes]) => ({ id, ...incidentText(outcomes) }));
    known = { state, index: createTextIndex(documents), incidents };
    indexedAt = performance.now();
    return known;
  }

  return {
    /** The text of an incident that has outcomes; null otherwise. */
    async textOf(incidentId: string): Promise<string | null> {
      const outcomes = (await current()).incidents.get(incidentId);
      if (!outcomes) return null;
      const { title, body } = incidentText(outcomes);
      return `${title} ${body}`;
    },
    /**
     * The same for whoever cannot wait: from an index that may be a minute old, so that a question costs no new one after
     * every outcome.
     */
    async nearly(text: string, limit: number): Promise<SimilarIncident[]> {
      const isFresh = known !== null && performance.now() - indexedAt < nearlyMs;
      const { index, incidents } = isFresh && known !== null ? known : await current();
      if (!isFresh) indexedAt = performance.now();
      return index
        .closest(text, limit)
        .map(({ id, score }) => ({ incidentId: id, score, outcomes: incidents.get(id) ?? [] }));
    },
    async closest(text: string, except: string, limit: number): Promise<SimilarIncident[]> {
      const { index, incidents } = await current();
      return index
        .closest(text, limit + 1)
        .filter(({ id }) => id !== except)
        .slice(0, limit)
        .map(({ id, score }) => ({ incidentId: id, score, outcomes: incidents.get(id) ?? [] }));
    },
  };
}
export type IncidentMemory = ReturnType<typeof incidentMemory>;
