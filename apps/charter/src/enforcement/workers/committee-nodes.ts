import { everyInterval, type Log } from '@charter/service';
import { CharterError } from '@charter/shared/contracts';
import type { Store } from '@charter/store';
import { sql } from 'kysely';
import type { CharterTables } from '../../tables.ts';
import type { CommitteeNodes } from '../domain/committee-status.ts';
import type { CommitteeSpec } from '../domain/component-spec.ts';
import type { DomainMetrics } from '../metrics.ts';

export interface CommitteeNodesOptions {
  readonly store: Store<CharterTables>;
  readonly spec: () => CommitteeSpec;
  /** Where notices are posted (Slack-compatible JSON); without it they wait in the committee's list alone. */
  readonly webhook: string | undefined;
  readonly metrics: DomainMetrics;
  readonly log: Log;
}

interface Node {
  state: 'starting' | 'working' | 'unreachable';
  /** Monotonic milliseconds; a delivery that failed long ago says nothing about now. */
  failedAt: number;
}

interface Notice {
  readonly id: string;
  readonly event_id: string;
  readonly severity: string;
  readonly text: string;
  readonly tries: number;
}

const roundMs = 1_000;
/** A claimed notice that was not delivered by then is anybody's again. */
const leaseSeconds = 70;
const longestDelaySeconds = 60;
const failureMattersMs = 30_000;

/** The committee's nodes: each takes notices that are due, one by one, and delivers them. */
export function committeeNodes({ store, spec, webhook, metrics, log }: CommitteeNodesOptions) {
  let nodes: Node[] = [];

  function reconcile(): void {
    const { replicas } = spec();
    nodes = nodes.slice(0, replicas);
    while (nodes.length < replicas) nodes.push({ state: 'starting', failedAt: Number.NEGATIVE_INFINITY });
  }

  async function claim(): Promise<Notice | undefined> {
    return store.db
      .updateTable('committee_notice')
      .set({ due_at: sql<Date>`now() + make_interval(secs => ${leaseSeconds})`, tries: sql<number>`tries + 1` })
      .where('id', '=', (eb) =>
        eb
          .selectFrom('committee_notice')
          .select('id')
          .where('delivered_at', 'is', null)
          .where('due_at', '<=', sql<Date>`now()`)
          .orderBy('id')
          .limit(1)
          .forUpdate()
          .skipLocked(),
      )
      .returning(['id', 'event_id', 'severity', 'text', 'tries'])
      .executeTakeFirst();
  }

  async function post(url: string, notice: Notice, recipients: readonly string[]): Promise<void> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        text: notice.text,
        severity: notice.severity,
        violationId: notice.event_id,
        noticeId: notice.id,
        recipients,
      }),
      signal: AbortSignal.timeout(spec().config.noticeTimeoutMs),
    });
    await response.body?.cancel();
    if (!response.ok) throw new CharterError('upstream-unavailable', `the webhook answered ${String(response.status)}`);
  }

  async function deliver(node: Node, notice: Notice): Promise<void> {
    const members = await store.db.selectFrom('committee_member').select('name').orderBy('name').execute();
    try {
      if (webhook !== undefined)
        await post(
          webhook,
          notice,
          members.map(({ name }) => name),
        );
    } catch (error) {
      node.failedAt = performance.now();
      log.warn({ err: error, noticeId: notice.id }, 'a notice to the committee did not go out, it is tried again');
      const delay = Math.min(longestDelaySeconds, 2 ** (notice.tries - 1));
      await store.db
        .updateTable('committee_notice')
        .set({ due_at: sql<Date>`now() + make_interval(secs => ${delay})` })
        .where('id', '=', notice.id)
        .execute();
      return;
    }
    const { seconds } = await store.db
      .updateTable('committee_notice')
      .set({ delivered_at: sql<Date>`clock_timestamp()`, recipients: members.length })
      .where('id', '=', notice.id)
      .returning(sql<number>`extract(epoch from clock_timestamp() - created_at)::float`.as('seconds'))
      .executeTakeFirstOrThrow();
    node.failedAt = Number.NEGATIVE_INFINITY;
    metrics.notified(notice.severity, members.length, seconds);
  }

  async function drain(node: Node): Promise<void> {
    try {
      for (let notice = await claim(); notice; notice = await claim()) {
        node.state = 'working';
        await deliver(node, notice);
      }
      node.state = 'working';
    } catch (error) {
      node.state = 'unreachable';
      log.warn({ err: error }, 'a node of the committee does not reach its record');
    }
  }

  /** As many nodes as there is work for; nothing due costs one query. */
  async function round(): Promise<void> {
    reconcile();
    const present = nodes;
    try {
      const due = await countDue();
      await Promise.all(present.slice(0, due).map(drain));
      for (const node of present.slice(due)) node.state = 'working';
    } catch (error) {
      for (const node of present) node.state = 'unreachable';
      throw error;
    }
  }

  async function countDue(): Promise<number> {
    const { count } = await store.db
      .selectFrom('committee_notice')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .where('delivered_at', 'is', null)
      .where('due_at', '<=', sql<Date>`now()`)
      .executeTakeFirstOrThrow();
    return Number(count);
  }

  const onError = (error: unknown): void => log.error({ err: error }, 'a round of the committee failed');
  let running = everyInterval(roundMs, round, onError);
  running.wake();

  return {
    /** Something is due now. */
    wake: (): void => running.wake(),
    state(): CommitteeNodes {
      reconcile();
      const now = performance.now();
      const healthy = nodes.filter(({ state, failedAt }) => state === 'working' && now - failedAt > failureMattersMs);
      const starting = nodes.filter(({ state }) => state === 'starting');
      return { replicas: nodes.length, healthy: healthy.length, starting: starting.length };
    },
    /** Replaces all nodes; a graceful one waits for what they deliver just now, at most `timeoutSeconds`. */
    async restart({ graceful, timeoutSeconds }: { graceful: boolean; timeoutSeconds: number }): Promise<void> {
      const finished = Promise.resolve(running.close());
      if (graceful) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, timeoutSeconds * 1_000);
        await Promise.race([finished, promise]);
        clearTimeout(timer);
      }
      nodes = [];
      reconcile();
      running = everyInterval(roundMs, round, onError);
      running.wake();
    },
    async close(): Promise<void> {
      await running.close();
    },
  };
}
export type Committee = ReturnType<typeof committeeNodes>;
