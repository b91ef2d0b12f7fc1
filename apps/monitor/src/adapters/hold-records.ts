import type { Store } from '@charter/store';
import type { MonitorTables } from '../tables.ts';

/** How long violations of a metric wait, as Knowledge said last; read again when it speaks, and by other replicas on a timer. */
export async function holdRecords({ db }: Pick<Store<MonitorTables>, 'db'>) {
  let seconds: ReadonlyMap<string, number> = new Map();
  async function refresh(): Promise<void> {
    const rows = await db.selectFrom('adaptation').select(['subject', 'value']).where('kind', '=', 'hold').execute();
    const read = new Map(rows.map(({ subject, value }) => [subject, value]));
    const isSame = read.size === seconds.size && [...read].every(([metric, value]) => seconds.get(metric) === value);
    if (!isSame) seconds = read;
  }
  await refresh();
  return { seconds: () => seconds, refresh };
}
