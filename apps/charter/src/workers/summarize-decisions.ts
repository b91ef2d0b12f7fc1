import type { Store } from '@charter/store';
import { sql } from 'kysely';
import { appendAudit } from '../adapters/audit-log.ts';
import type { CharterTables } from '../tables.ts';

/** How long a minute may still receive decisions from a buffer after it ended. */
const graceSeconds = 10;
/** A replica that gave no sign of life for this long is gone. */
const goneSeconds = 30;

export interface SummarizeDeps {
  readonly store: Store<CharterTables>;
  readonly retentionDays: number;
}

/** Audits allowed decisions as counts a minute, names replicas that ended without emptying their buffer, forgets the old. */
export function summarizeDecisions({ store, retentionDays }: SummarizeDeps) {
  return async (): Promise<void> => {
    await summarizeMinutes(store);
    await nameGaps(store);
    await store.db
      .deleteFrom('decision')
      .where('at', '<', sql<Date>`now() - make_interval(days => ${retentionDays})`)
      .execute();
  };
}

async function summarizeMinutes(store: Store<CharterTables>): Promise<void> {
  await store.transaction(async (tx) => {
    const minutes = await sql<{ minute: Date }>`
      insert into ${sql.table('charter.decision_minute')} (minute)
      select distinct date_trunc('minute', at) from ${sql.table('charter.decision')}
      where effect = 'allow' and at < date_trunc('minute', now() - make_interval(secs => ${graceSeconds}))
        and at > coalesce((select max(minute) + interval '1 minute' from ${sql.table('charter.decision_minute')}), '-infinity'::timestamptz)
      order by 1 limit 60
      on conflict do nothing returning minute`.execute(tx.db);
    const entries = [];
    for (const { minute } of minutes.rows) {
      const counts = await tx.db
        .selectFrom('decision')
        .select((eb) => ['policy', 'rule', 'action', eb.fn.countAll<string>().as('count')])
        .where('effect', '=', 'allow')
        .where(sql<boolean>`date_trunc('minute', at) = ${minute}`)
        .groupBy(['policy', 'rule', 'action'])
        .orderBy('policy')
        .orderBy('rule')
        .orderBy('action')
        .execute();
      const allowed = counts.map(({ count, ...rest }) => ({ ...rest, count: Number(count) }));
      entries.push({ actor: 'charter', action: 'decision.allowed', subject: minute.toISOString(), data: { allowed } });
    }
    await appendAudit(tx, entries);
  });
}

async function nameGaps(store: Store<CharterTables>): Promise<void> {
  await store.transaction(async (tx) => {
    const gone = await tx.db
      .updateTable('decision_stream')
      .set({ closed_at: sql<Date>`now()` })
      .where('closed_at', 'is', null)
      .where('beat_at', '<', sql<Date>`now() - make_interval(secs => ${goneSeconds})`)
      .returning(['id', 'beat_at'])
      .execute();
    await appendAudit(
      tx,
      gone.map(({ id, beat_at }) => ({
        actor: 'charter',
        action: 'decision.gap',
        subject: id,
        data: { count: null, from: beat_at.toISOString(), reason: 'a replica ended without emptying its buffer' },
      })),
    );
  });
}
