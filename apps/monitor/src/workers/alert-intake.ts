import { CharterError } from '@charter/shared/contracts';
import { type Store, unavailableFrom } from '@charter/store';
import { sql } from 'kysely';
import { cleanJson } from '../domain/storable-text.ts';
import { heardFrom, type WebhookPayload } from '../domain/webhook-payload.ts';
import type { MonitorMetrics } from '../metrics.ts';
import type { MonitorTables } from '../tables.ts';

export interface AlertIntakeDeps {
  readonly store: Store<MonitorTables>;
  readonly metrics: MonitorMetrics;
  /** Webhook calls that may wait, stored or not. */
  readonly limit: number;
  /** There is something to work on. */
  readonly onStored: () => void;
}

export interface AlertIntake {
  /**
   * Resolves once the call is durable.
   * @throws CharterError `overloaded` when too much waits already, `upstream-unavailable` without a database
   */
  accept(payload: WebhookPayload): Promise<void>;
  /** So many stored calls have been worked on. */
  drained(count: number): void;
  /** Whether calls came in the last moment. */
  isBusy(): boolean;
  /** How many wait, by count of the database. */
  recount(): Promise<void>;
}

interface Waiting {
  readonly body: string;
  readonly alerts: number;
  readonly since: number;
  readonly stored: PromiseWithResolvers<void>;
}

/** Calls in one statement at most: their bodies are held twice while it runs. */
const callsPerCommit = 100;
const momentMs = 100;

/** Stores webhook calls, those that arrive while one commit runs together in the next. */
export function createAlertIntake({ store, metrics, limit, onStored }: AlertIntakeDeps): AlertIntake {
  const waiting: Waiting[] = [];
  let backlog = 0;
  let committing = false;
  let calledAt = Number.NEGATIVE_INFINITY;

  async function commitWaiting(): Promise<void> {
    if (committing) return;
    committing = true;
    while (waiting.length > 0) await commit(waiting.splice(0, callsPerCommit));
    committing = false;
  }

  async function commit(calls: readonly Waiting[]): Promise<void> {
    try {
      await store.db
        .insertInto('alert_intake')
        .values(calls.map(({ body }) => ({ body })))
        .execute();
    } catch (error) {
      for (const { stored, alerts } of calls) {
        metrics.webhook('failed', alerts, 0);
        stored.reject(unavailableFrom(error));
      }
      return;
    }
    backlog += calls.length;
    for (const { stored, alerts, since } of calls) {
      metrics.webhook('stored', alerts, (performance.now() - since) / 1_000);
      stored.resolve();
    }
    onStored();
  }

  return {
    accept(payload) {
      if (backlog + waiting.length >= limit) {
        metrics.webhook('refused', payload.alerts.length, 0);
        throw new CharterError('overloaded', `${String(backlog)} webhook calls wait already`);
      }
      calledAt = performance.now();
      const stored = Promise.withResolvers<void>();
      waiting.push({
        body: cleanJson(JSON.stringify(heardFrom(payload, Date.now()))),
        alerts: payload.alerts.length,
        since: performance.now(),
        stored,
      });
      void commitWaiting();
      return stored.promise;
    },
    drained(count) {
      backlog = Math.max(0, backlog - count);
    },
    isBusy: () => performance.now() - calledAt < momentMs,
    async recount() {
      const { rows } = await sql<{ waiting: string; oldest: number | null }>`
        select count(*) as waiting, extract(epoch from now() - min(received_at))::float8 as oldest
        from monitor.alert_intake where failure is null`.execute(store.db);
      backlog = Number(rows[0]?.waiting ?? 0);
      metrics.intake(backlog, rows[0]?.oldest ?? 0);
    },
  };
}
