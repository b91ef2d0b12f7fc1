import type { Store } from '@charter/store';
import { sql } from 'kysely';
import type { OutcomeCounts } from '../domain/statistics-from.ts';
import type { KnowledgeTables } from '../migrations.ts';

export interface StatisticsFilter {
  readonly sinceSeconds: number;
  readonly component?: string | undefined;
  readonly rootCause?: string | undefined;
}

const groupings = {
  component: sql<string>`component`,
  rootCause: sql<string>`coalesce(root_cause, 'undetermined')`,
  strategy: sql<string>`strategy`,
  action: sql<string>`acted.action`,
} as const;
export type Grouping = keyof typeof groupings;

/** Counts of single outcomes within their retention. */
export function outcomeCounts({ db }: Pick<Store<KnowledgeTables>, 'db'>) {
  async function counts(filter: StatisticsFilter, grouping: Grouping | null): Promise<OutcomeCounts[]> {
    const name = grouping === null ? sql<string>`''` : groupings[grouping];
    let rows = db
      .selectFrom('outcome')
      .select([
        name.as('name'),
        'type',
        'executed',
        sql<number>`count(*)::int`.as('count'),
        sql<number>`count(seconds)::int`.as('timed'),
        sql<number>`coalesce(sum(seconds), 0)::float8`.as('seconds'),
        sql<number>`count(*) filter (where seconds <= 15)::int`.as('prompt'),
        sql<number>`count(*) filter (where corrected_by is not null)::int`.as('corrected'),
      ])
      .where('at', '>=', sql<Date>`now() - make_interval(secs => ${filter.sinceSeconds})`)
      .groupBy([sql`1`, 'type', 'executed'])
      .orderBy(sql`1`);
    if (grouping === 'action') {
      const acted = sql<{ action: string }>`(select distinct one->>'action' as action
        from jsonb_array_elements(outcome.body->'actions') as one)`;
      rows = rows.innerJoinLateral(acted.as('acted'), (join) => join.onTrue());
    }
    if (filter.component) rows = rows.where('component', '=', filter.component);
    if (filter.rootCause) rows = rows.where('root_cause', '=', filter.rootCause);
    return rows.execute();
  }
  return { counts };
}
export type OutcomeCounter = ReturnType<typeof outcomeCounts>;
