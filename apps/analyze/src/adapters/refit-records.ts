import type { Store } from '@charter/store';
import { z } from 'zod';
import type { Refit } from '../domain/refit-confidence.ts';
import type { AnalyzeTables } from '../migrations.ts';

const Points = z.array(z.object({ from: z.number(), to: z.number() }));

/** What Knowledge said last of what confidences are worth. */
export function refitRecords({ db }: Pick<Store<AnalyzeTables>, 'db'>, bound: number) {
  return {
    async current(): Promise<Refit> {
      const row = await db
        .selectFrom('adaptation')
        .select('points')
        .where('kind', '=', 'confidence')
        .executeTakeFirst();
      return { points: row ? Points.parse(row.points) : [], bound };
    },
  };
}
