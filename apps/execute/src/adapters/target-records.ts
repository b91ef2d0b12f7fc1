import { sql } from 'kysely';
import type { TargetStanding } from '../domain/target-standing.ts';
import type { ExecuteTx } from './execution-records.ts';

/**
 * Locks targets, always in the same order, so that two plans never wait for each other. What `recordIntents` does in the
 * same transaction completes the compare-and-set on their generations.
 */
export async function lockTargets(
  tx: ExecuteTx,
  targets: readonly string[],
  failuresWithinSeconds: number,
): Promise<TargetStanding[]> {
  const sorted = [...new Set(targets)].sort();
  const lock = async (): Promise<TargetStanding[]> => {
    const { rows } = await sql<TargetStanding & { generation: string }>`
      select l.target, l.generation, l.holder, coalesce(l.expires_at < now(), true) as "isExpired",
        l.changed_by as "changedBy",
        extract(epoch from clock_timestamp() - l.changed_at)::float as "secondsSinceChange",
        (select count(*)::int from execute.failure f where f.target = l.target
          and f.at > now() - make_interval(secs => ${failuresWithinSeconds})) as failures
      from execute.target_lease l
      where l.target = any(${sorted}::text[])
      order by l.target for update of l`.execute(tx.db);
    return rows.map((row) => ({ ...row, generation: Number(row.generation) }));
  };
  const known = await lock();
  if (known.length === sorted.length) return known;
  await sql`
    insert into execute.target_lease (target) select unnest(${sorted}::text[]) on conflict do nothing`.execute(tx.db);
  return lock();
}

/** Counts against the breaker of a target; once per execution. */
export async function recordFailure(tx: ExecuteTx, executionId: string, target: string, reason: string): Promise<void> {
  await tx.db
    .insertInto('failure')
    .values({ execution_id: executionId, target, reason: reason.slice(0, 500) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
