import type { Plan } from '@charter/shared/contracts';
import type { Run } from '../adapters/claims.ts';
import type { ExecutionRow } from '../adapters/tables.ts';
import { postgresNow, type VerificationBegun } from '../adapters/verification-records.ts';
import { judge } from '../domain/verification.ts';
import type { CarryDeps } from './deps.ts';
import { tell } from './tell.ts';

/** Samples that come faster than this are written down together. */
const keepEveryMs = 1_000;

/**
 * Looks at the plan's signals again until they tell how it went. Samples are kept as they come, so that another process
 * goes on where this one stopped. Rejects when `signal` is aborted.
 */
export async function verifyExecution(
  deps: CarryDeps,
  run: Run,
  row: ExecutionRow,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps;
  const { verification } = row.plan;
  const { from, now } = await beginVerification(deps, run, row);
  const begun = clock.now();
  /** Postgres' time, told on by the monotonic clock. */
  const timeNow = (): number => now + clock.now() - begun;
  const samples = [...row.samples];
  let kept = timeNow();
  for (;;) {
    const last = samples.at(-1);
    const due = Math.max(from, last === undefined ? 0 : last.atMs + verification.intervalSeconds * 1_000);
    if (due > timeNow()) await clock.wait(due - timeNow(), signal);
    const readings = await Promise.all(verification.signals.map((each) => deps.signals.read(each)));
    const atMs = timeNow();
    samples.push({ atMs, readings });
    const verdict = judge(
      { verification, baseline: row.baseline, samples, fromMs: from },
      atMs,
      deps.settings.verification,
    );
    if (verdict === null && timeNow() - kept < keepEveryMs) continue;
    kept = timeNow();
    const { requested: wish } = await deps.record.samples({ run, samples: [...samples], verdict });
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

async function beginVerification(
  { store, record }: CarryDeps,
  run: Run,
  { plan, verify_from }: ExecutionRow,
): Promise<VerificationBegun> {
  if (verify_from !== null) return { from: verify_from.getTime(), now: await postgresNow(store) };
  const { delaySeconds, windowSeconds } = plan.verification;
  return record.beginVerification({
    run,
    delaySeconds,
    tell: (tx) =>
      tell(tx, plan, {
        event: 'verifying',
        text: `Watching ${rulesOf(plan)} for up to ${String(windowSeconds)} s, from ${String(delaySeconds)} s after the change`,
        data: { executionId: run.executionId },
      }),
  });
}

const rulesOf = ({ verification }: Plan): string =>
  verification.signals
    .filter(({ role }) => role === 'violated')
    .map(({ rule }) => rule)
    .join(', ') || 'no signal';
