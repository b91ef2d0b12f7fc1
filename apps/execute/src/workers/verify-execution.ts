import type { Plan } from '@charter/shared/contracts';
import { sql } from 'kysely';
import { type Run, underClaim, writeJournal } from '../adapters/execution-records.ts';
import type { ExecutionRow } from '../adapters/tables.ts';
import type { Request } from '../domain/execution.ts';
import type { Sample } from '../domain/samples.ts';
import { judge, type Verdict } from '../domain/verification.ts';
import type { ExecuteDeps } from './deps.ts';
import { tell } from './tell.ts';

/**
 * Looks at the plan's signals again until they tell how it went. Samples are kept as they come, so that another process
 * goes on where this one stopped. Rejects when `signal` is aborted.
 */
export async function verifyExecution(
  deps: ExecuteDeps,
  run: Run,
  row: ExecutionRow,
  signal: AbortSignal,
): Promise<void> {
  const { plan } = row;
  const { verification } = plan;
  const from = await beginVerification(deps, run, row);
  const samples = [...row.samples];
  for (;;) {
    const { now } = await postgresNow(deps);
    const last = samples.at(-1);
    const dueMs = Math.max(from, last === undefined ? 0 : last.atMs + verification.intervalSeconds * 1_000);
    if (dueMs > now) await deps.clock.wait(dueMs - now, signal);
    const sample = await takeSample(deps, plan);
    samples.push(sample);
    const facts = { verification, baseline: row.baseline, samples, fromMs: from };
    const verdict = judge(facts, sample.atMs, deps.settings.verification);
    const wish = await keep(deps, run, samples, verdict);
    if (verdict) {
      const started = row.started_at?.getTime() ?? null;
      const { stableAtMs } = verdict;
      const seconds = stableAtMs === null || started === null ? null : Math.max(0, (stableAtMs - started) / 1_000);
      deps.metrics.verified(verdict.type, seconds);
      await deps.checkpoint('verified', run.executionId);
      return;
    }
    if (wish === 'cancel' || wish === 'rollback') return;
  }
}

/** Milliseconds since the epoch at which the first sample is due: the actions' delay after the last result. */
function beginVerification(deps: ExecuteDeps, run: Run, row: ExecutionRow): Promise<number> {
  if (row.verify_from !== null) return Promise.resolve(row.verify_from.getTime());
  const { plan } = row;
  const { delaySeconds, windowSeconds } = plan.verification;
  return underClaim(deps.store, run, async (tx) => {
    const { verify_from } = await tx.db
      .updateTable('execution')
      .set({ phase: 'verifying', verify_from: sql<Date>`now() + make_interval(secs => ${delaySeconds})` })
      .where('id', '=', run.executionId)
      .returning('verify_from')
      .executeTakeFirstOrThrow();
    const rules = plan.verification.signals.filter(({ role }) => role === 'violated').map(({ rule }) => rule);
    await tell(tx, plan, {
      event: 'verifying',
      text: `Watching ${rules.join(', ') || 'no signal'} for up to ${String(windowSeconds)} s, from ${String(delaySeconds)} s after the change`,
      data: { executionId: run.executionId },
    });
    return verify_from?.getTime() ?? 0;
  });
}

async function takeSample(deps: ExecuteDeps, plan: Plan): Promise<Sample> {
  const readings = await Promise.all(plan.verification.signals.map((each) => deps.signals.read(each)));
  return { atMs: (await postgresNow(deps)).now, readings };
}

/** @returns what a person asked for meanwhile */
async function keep(
  deps: ExecuteDeps,
  run: Run,
  samples: readonly Sample[],
  verdict: Verdict | null,
): Promise<Request | null> {
  return underClaim(deps.store, run, async (tx, { requested }) => {
    await tx.db
      .updateTable('execution')
      .set({ samples: JSON.stringify(samples), ...(verdict ? { verdict: JSON.stringify(verdict) } : {}) })
      .where('id', '=', run.executionId)
      .execute();
    if (verdict) {
      const data = { type: verdict.type, samples: samples.length };
      await writeJournal(tx.db, run.executionId, { kind: 'verdict', text: verdict.reason, data });
    }
    return requested;
  });
}

async function postgresNow({ store }: ExecuteDeps): Promise<{ now: number }> {
  const { rows } = await sql<{
    now: number;
  }>`select extract(epoch from clock_timestamp())::float * 1000 as now`.execute(store.db);
  return { now: rows[0]?.now ?? 0 };
}
