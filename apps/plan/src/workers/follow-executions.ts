import { Plan } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { endPlan } from '../adapters/plan-records.ts';
import type { PlanTables } from '../adapters/tables.ts';
import type { PlanStatus } from '../domain/attempt.ts';
import type { PlanMetrics } from '../metrics.ts';
import type { ExecutionSeen, Executor } from '../ports.ts';
import { endUnexecuted } from './settle-incident.ts';

/** Brings plans that were handed to execute up to date; of one incident, or of all. @returns incidents whose plan did not heal them */
export type FollowExecutions = (incidentId?: string) => Promise<string[]>;

/** Execute is asked about so many plans a round, and so many at once. */
const mostPlans = 100;
const atOnce = 10;
/** A plan execute still has not taken this long after it expired never will be. */
const graceSeconds = 300;

interface Sent {
  readonly id: string;
  readonly incident_id: string;
  readonly expires_at: Date;
  readonly body: unknown;
}

const isOver = ({ state }: ExecutionSeen): boolean =>
  state === 'completed' || state === 'failed' || state === 'rolled_back' || state === 'cancelled';

/** Asks execute how plans went. While it is away they stay open, and nothing else touches their targets. */
export function followExecutions(deps: {
  readonly store: Store<PlanTables>;
  readonly executor: Pick<Executor, 'executionsOf'>;
  readonly metrics: Pick<PlanMetrics, 'ended'>;
}): FollowExecutions {
  const { store, executor, metrics } = deps;
  return async (incidentId) => {
    let rows = store.db
      .selectFrom('plan')
      .select(['id', 'incident_id', 'expires_at', 'body'])
      .where('status', '=', 'sent')
      .orderBy('id')
      .limit(mostPlans);
    if (incidentId !== undefined) rows = rows.where('incident_id', '=', incidentId);
    const unhealed = new Set<string>();
    const follow = async (row: Sent): Promise<void> => {
      const execution = (await executor.executionsOf({ planId: row.id })).find(({ planId }) => planId === row.id);
      if (execution && isOver(execution)) {
        const status = await end(row.id, execution);
        if (status === 'executed' && execution.outcomeType !== 'success') unhealed.add(row.incident_id);
      }
      const isLost = !execution && Date.now() - row.expires_at.getTime() > graceSeconds * 1_000;
      if (isLost) await expire(row.id, Plan.parse(row.body));
    };
    const sent = await rows.execute();
    for (let from = 0; from < sent.length; from += atOnce) {
      await Promise.all(sent.slice(from, from + atOnce).map(follow));
    }
    return [...unhealed];
  };

  async function end(id: string, execution: ExecutionSeen): Promise<PlanStatus | null> {
    const status = statusOf(execution);
    const ended = await store.transaction((tx) =>
      endPlan(tx, id, 'sent', {
        status,
        outcome: execution.outcomeType ?? 'unknown',
        reason: `execution ${execution.id} is ${execution.state}`,
        execution,
      }),
    );
    if (!ended) return null;
    metrics.ended(status);
    return status;
  }

  async function expire(id: string, plan: Plan): Promise<void> {
    const ended = await store.transaction((tx) =>
      endUnexecuted(tx, id, 'sent', {
        status: 'expired',
        type: 'unknown',
        reason: 'execute did not take it before it expired',
        component: plan.rootCause?.component ?? 'unknown',
      }),
    );
    if (ended) metrics.ended('expired');
  }
}

/** What execute took up but never did, it refused, or a person withdrew it. */
function statusOf({ state, outcomeType, disposition }: ExecutionSeen): PlanStatus {
  if (disposition !== null) {
    if (disposition === 'executed') return 'executed';
    return disposition === 'withdrawn' ? 'withdrawn' : 'refused';
  }
  const nothingDone = outcomeType === 'unknown' && (state === 'failed' || state === 'cancelled');
  return nothingDone ? (state === 'cancelled' ? 'withdrawn' : 'refused') : 'executed';
}
