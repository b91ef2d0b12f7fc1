import type { RuleRef } from '@charter/policy';
import { type Closeable, everyInterval, type Log } from '@charter/service';
import type { Store } from '@charter/store';
import { appendAudit } from '../../adapters/audit-log.ts';
import type { CharterTables } from '../../tables.ts';

const intervalMs = 60_000;

/** Counts samples that were let in, by rule, and audits the numbers each minute. */
export function allowedCounts(store: Store<CharterTables>, log: Log) {
  let counts = new Map<RuleRef | null, number>();
  let from = new Date().toISOString();

  async function audit(): Promise<void> {
    if (counts.size === 0) return;
    const taken = counts;
    const since = from;
    counts = new Map();
    from = new Date().toISOString();
    const allowed = [...taken].map(([rule, count]) => ({
      policy: rule?.policy ?? null,
      rule: rule?.id ?? null,
      count,
    }));
    const entry = { actor: 'charter', action: 'samples.allowed', subject: since, data: { until: from, allowed } };
    try {
      await store.transaction((tx) => appendAudit(tx, [entry]));
    } catch (error) {
      for (const [rule, count] of taken) counts.set(rule, (counts.get(rule) ?? 0) + count);
      from = since;
      throw error;
    }
  }

  const onError = (error: unknown): void =>
    log.error({ err: error }, 'counts of samples could not be audited; they wait');
  const auditing: Closeable & { close(): Promise<void> } = everyInterval(intervalMs, audit, onError);
  return {
    count: (rule: RuleRef | null): void => void counts.set(rule, (counts.get(rule) ?? 0) + 1),
    async close(): Promise<void> {
      await auditing.close();
      await audit().catch(onError);
    },
  };
}
export type AllowedCounts = ReturnType<typeof allowedCounts>;
