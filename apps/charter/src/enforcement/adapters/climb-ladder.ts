import {
  type EscalationEvent,
  type EscalationRules,
  type EscalationStep,
  ladderFrom,
  recordAttempt,
  stateOfLadder,
} from '@charter/policy';
import { rowsOf, type Tx } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { AuditEntry } from '../../domain/audit-chain.ts';
import type { CharterTables } from '../../tables.ts';
import { attemptText } from '../domain/attempt-text.ts';
import { forbiddenCollection, isListed } from '../domain/violation-scale.ts';
import type { DomainMetrics } from '../metrics.ts';
import { type Escalation, escalate } from './escalate.ts';

/** One attempt at something forbidden, with the rules of the policy that forbids it. `at` is epoch milliseconds. */
export interface ForbiddenAttempt {
  readonly metric: string;
  readonly policy: string;
  readonly source: string;
  readonly at: number;
  readonly rules: EscalationRules;
}

/** One writer of the ladder at a time; taken first in its transactions, before the lock of the audit chain. */
const ladderLock = 5_120_448;

export async function lockLadder(tx: Tx<CharterTables>): Promise<void> {
  await sql`select pg_advisory_xact_lock(${ladderLock})`.execute(tx.db);
}

type ReachedStep = Extract<EscalationStep, { kind: 'opened' | 'raised' | 'repeated' }>;

/** An event after the last attempt at it, and the steps that opened it or raised it. */
interface Climbed {
  readonly event: EscalationEvent;
  readonly attempt: ForbiddenAttempt;
  readonly reached: ReachedStep[];
}

/**
 * Puts attempts on the ladder, in their order, and records the events that they lead to.
 * @param gap how many attempts were lost before these
 * @returns what each event leaves to do
 */
export async function climb(
  tx: Tx<CharterTables>,
  attempts: readonly ForbiddenAttempt[],
  gap: number,
  environment: string,
): Promise<Escalation[]> {
  await lockLadder(tx);
  const rungKey = (key: string): string => `${environment}\n${key}`;
  const keys = new Set(attempts.map(({ policy, metric }) => rungKey(JSON.stringify([policy, metric]))));
  const rows = await tx.db
    .selectFrom('ladder_rung')
    .select('state')
    .where('key', '=', sql<string>`any(${[...keys]})`)
    .execute();
  const ladder = ladderFrom({ v: 1, rungs: rows.map(({ state }) => JSON.parse(state) as unknown) });
  if (ladder === null) throw new Error('the ladder holds rungs of another version');
  const climbed = new Map<string, Climbed>();
  for (const attempt of attempts) {
    const step = recordAttempt(ladder, attempt, attempt.rules);
    if (step.kind === 'counted') continue;
    const { event } = step;
    const reached = climbed.get(event.key)?.reached ?? [];
    if (step.kind !== 'repeated') reached.push(step);
    climbed.set(event.key, { event, attempt, reached });
  }
  await saveRungs(tx, stateOfLadder(ladder).rungs, rungKey);
  const events = [...climbed.values()];
  const escalated = await escalate(
    tx,
    events.map(({ event, attempt }) => eventFacts(event, attempt, environment)),
  );
  const escalations = events.flatMap(({ attempt, reached }, index): Escalation[] => {
    const escalation = escalated[index];
    if (escalation === undefined) return [];
    return [{ ...escalation, count: (metrics) => countSteps(metrics, escalation, attempt, reached) }];
  });
  const lost: AuditEntry[] =
    gap === 0 ? [] : [{ actor: 'charter', action: 'attempts.gap', subject: environment, data: { count: gap } }];
  await appendAudit(tx, [...escalations.flatMap(({ audit }) => audit), ...lost]);
  return escalations;
}

/** Every rung that was reached counts, also when one batch reached several. */
function countSteps(
  metrics: DomainMetrics,
  { count, row }: Escalation,
  { source }: ForbiddenAttempt,
  reached: readonly ReachedStep[],
): void {
  count(metrics);
  for (const { kind, event } of reached) {
    const { metric, severity } = event;
    metrics.attempted(metric, source, kind === 'opened' ? 'reported' : 'escalated');
    if (isListed('forbidden-metric', severity)) metrics.violated(severity, row.violation_type, row.node_or_service);
  }
}

async function saveRungs(
  tx: Tx<CharterTables>,
  rungs: ReturnType<typeof stateOfLadder>['rungs'],
  rungKey: (key: string) => string,
): Promise<void> {
  if (rungs.length === 0) return;
  await tx.db
    .insertInto('ladder_rung')
    .columns(['key', 'state', 'last_at'])
    .expression(
      sql`select * from ${rowsOf(rungs, [
        { type: 'text', of: ({ key }) => rungKey(key) },
        { type: 'text', of: (rung) => JSON.stringify(rung) },
        { type: 'timestamptz', of: ({ event, recent }) => new Date(event?.lastAt ?? recent.at(-1) ?? 0).toISOString() },
      ])}`,
    )
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet({ state: sql<string>`excluded.state`, last_at: sql<Date>`excluded.last_at` }),
    )
    .execute();
}

const eventFacts = (event: EscalationEvent, { source, rules }: ForbiddenAttempt, environment: string) => ({
  key: `${environment}/${event.key}`,
  kind: 'forbidden-metric' as const,
  severity: event.severity,
  violationType: forbiddenCollection,
  nodeOrService: source,
  environment,
  metricName: event.metric,
  policy: event.policy,
  attemptCount: event.attempt_count,
  threshold: rules.levels.findLast(({ threshold }) => threshold <= event.attempt_count)?.threshold ?? null,
  action: event.action,
  description: attemptText(event, source),
  evidence: null,
  reportedBy: 'charter',
  startedAt: new Date(event.startedAt),
  lastAt: new Date(event.lastAt),
});
