import type { Plan } from '@charter/shared/contracts';
import { sql } from 'kysely';
import type { ExecuteTx } from './execution-records.ts';

export interface Refusal {
  readonly gate: 'generation' | 'in-flight';
  readonly reason: string;
}

interface Locked {
  target: string;
  generation: string;
  holder: string | null;
  is_expired: boolean;
  changed_by: string | null;
}

/** Locks the records of several targets, always in the same order, so that two plans never wait for each other. */
async function lockTargets(tx: ExecuteTx, targets: readonly string[]): Promise<Locked[]> {
  const sorted = [...new Set(targets)].sort();
  const lock = () =>
    sql<Locked>`
      select target, generation, holder, coalesce(expires_at < now(), true) as is_expired, changed_by
      from execute.target_lease where target = any(${sorted}::text[]) order by target for update`.execute(tx.db);
  const known = await lock();
  if (known.rows.length === sorted.length) return known.rows;
  await sql`
    insert into execute.target_lease (target) select unnest(${sorted}::text[]) on conflict do nothing`.execute(tx.db);
  return (await lock()).rows;
}

/**
 * Compares the generation that the plan was made for with the newest one applied; null when the plan may go on. Locks
 * the targets, so that `takeTargets` in the same transaction completes the compare-and-set.
 */
export async function compareGenerations(
  tx: ExecuteTx,
  plan: Plan,
  { executionId, targets }: { executionId: string; targets: readonly string[] },
): Promise<Refusal | null> {
  const refused = (gate: Refusal['gate'], reason: string): Refusal => ({ gate, reason });
  for (const row of await lockTargets(tx, targets)) {
    const mine = plan.generations[row.target];
    const newest = Number(row.generation);
    if (mine === undefined) return refused('generation', `The plan has no generation for ${row.target}`);
    const isOwn = row.holder === executionId || (row.holder === null && row.changed_by === executionId);
    if (newest > mine || (newest === mine && !isOwn)) {
      return refused(
        'generation',
        `${row.target} is at generation ${String(newest)}, this plan was made for ${String(mine)}`,
      );
    }
    if (row.holder !== null && row.holder !== executionId && !row.is_expired) {
      return refused('in-flight', `Execution ${row.holder} is changing ${row.target} now`);
    }
  }
  return null;
}

/** Raises the generation of the targets, makes them this execution's, and answers a higher token for `target`. */
export async function takeTargets(
  tx: ExecuteTx,
  plan: Plan,
  step: { executionId: string; target: string; targets: readonly string[]; leaseSeconds: number },
): Promise<number> {
  const targets = [...new Set(step.targets)];
  const generations = targets.map((target) => plan.generations[target] ?? 0);
  const { rows } = await sql<{ target: string; fencing_token: string }>`
    update execute.target_lease l set generation = taken.generation, holder = ${step.executionId},
      expires_at = now() + make_interval(secs => ${step.leaseSeconds}),
      fencing_token = l.fencing_token + case when l.target = ${step.target} then 1 else 0 end
    from unnest(${targets}::text[], ${generations}::bigint[]) as taken (target, generation)
    where l.target = taken.target
    returning l.target, l.fencing_token`.execute(tx.db);
  return Number(rows.find(({ target }) => target === step.target)?.fencing_token);
}

/** Why a target changed by someone else just now must be left alone for a while; null when it need not be. */
export async function coolDownOf(
  tx: ExecuteTx,
  step: { executionId: string; target: string; cooldownSeconds: number },
): Promise<string | null> {
  const { rows } = await sql<{ left: number }>`
    select ${step.cooldownSeconds} - extract(epoch from now() - changed_at)::float as left
    from execute.target_lease
    where target = ${step.target} and changed_at is not null and changed_by is distinct from ${step.executionId}`.execute(
    tx.db,
  );
  const left = rows[0]?.left ?? 0;
  return left > 0 ? `${step.target} was changed just now: cool-down for another ${left.toFixed(1)} s` : null;
}

/** Why the breaker of a target is open; null when it is closed. */
export async function breakerOf(
  tx: ExecuteTx,
  target: string,
  { failures, windowSeconds }: { failures: number; windowSeconds: number },
): Promise<string | null> {
  const { count } = await tx.db
    .selectFrom('failure')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('target', '=', target)
    .where('at', '>', sql<Date>`now() - make_interval(secs => ${windowSeconds})`)
    .executeTakeFirstOrThrow();
  if (Number(count) < failures) return null;
  return `${count} executions failed on ${target} within ${String(windowSeconds)} s`;
}

/** Lets go of everything an execution holds; with `keepSeconds`, leaves it blocked for a person. */
export async function releaseTargets(tx: ExecuteTx, executionId: string, keepSeconds: number | null): Promise<void> {
  await tx.db
    .updateTable('target_lease')
    .set(
      keepSeconds === null
        ? { holder: null, expires_at: null }
        : { expires_at: sql<Date>`now() + make_interval(secs => ${keepSeconds})` },
    )
    .where('holder', '=', executionId)
    .execute();
}

/** Counts against the breaker of a target; once per execution. */
export async function recordFailure(tx: ExecuteTx, executionId: string, target: string, reason: string): Promise<void> {
  await tx.db
    .insertInto('failure')
    .values({ execution_id: executionId, target, reason: reason.slice(0, 500) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
