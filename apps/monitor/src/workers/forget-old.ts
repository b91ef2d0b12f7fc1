import type { Store } from '@charter/store';
import { sql } from 'kysely';
import type { Clock } from '../ports.ts';
import type { MonitorTables } from '../tables.ts';

/** Rows deleted in one statement, so that no lock is held for long. */
const rowsAtOnce = 5_000;
const daySeconds = 86_400;

/** Deletes history beyond its retention: ended violations and incidents, and what was last seen of quiet signals and alerts. */
export function forgetOld(deps: {
  readonly store: Store<MonitorTables>;
  readonly clock: Clock;
  readonly retentionSeconds: number;
}): () => Promise<void> {
  const { store, clock, retentionSeconds } = deps;
  return async () => {
    const now = clock();
    const old = new Date(now - retentionSeconds * 1_000);
    const idle = new Date(now - Math.min(retentionSeconds, daySeconds) * 1_000);
    await untilNone(
      () => sql`
      delete from monitor.violation where id in (
        select id from monitor.violation where state = 'resolved' and resolved_at < ${old} limit ${rowsAtOnce})`,
    );
    await untilNone(
      () => sql`
      delete from monitor.incident where id in (
        select id from monitor.incident where cleared_at < ${old} limit ${rowsAtOnce})`,
    );
    await untilNone(
      () => sql`
      delete from monitor.signal where fingerprint in (
        select fingerprint from monitor.signal where phase = 'quiet' and observed_at < ${idle} limit ${rowsAtOnce})`,
    );
    await untilNone(
      () => sql`
      delete from monitor.alert where id in (
        select id from monitor.alert where not firing and seen_at < ${idle} limit ${rowsAtOnce})`,
    );
    await store.db.deleteFrom('evaluation').where('at', '<', idle).execute();
  };

  async function untilNone(statement: () => ReturnType<typeof sql>): Promise<void> {
    for (;;) {
      const { numAffectedRows } = await statement().execute(store.db);
      if (Number(numAffectedRows ?? 0) < rowsAtOnce) return;
    }
  }
}
