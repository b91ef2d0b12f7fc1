import { type Column, rowsOf } from '@charter/store';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { AlertRecord } from '../domain/alert.ts';
import { instantOf } from '../domain/violation-record.ts';
import type { MonitorTables } from '../tables.ts';

type Db = Kysely<MonitorTables>;

export async function alertsById(db: Db, ids: readonly string[]): Promise<Map<string, AlertRecord>> {
  const { rows } = await sql<{ record: AlertRecord }>`
    select record from monitor.alert where id = any(${ids}::text[])`.execute(db);
  return new Map(rows.map(({ record }) => [record.id, record]));
}

/** Alerts that fire, as far as is known, and were not listed: what their Alertmanager would list, or nobody repeats. */
export async function unlistedAlerts(
  db: Db,
  listed: readonly string[],
  askedAt: number,
  expirySeconds: number,
): Promise<AlertRecord[]> {
  const { rows } = await sql<{ record: AlertRecord }>`
    select alert.record from monitor.alert
    left join unnest(${listed}::text[]) as now(id) on now.id = alert.id
    where firing and now.id is null and seen_at < ${new Date(askedAt)}
      and (listed or seen_at < ${new Date(askedAt - expirySeconds * 1_000)}
        or exists (select from monitor.alert_sender where url = record->>'sender'))`.execute(db);
  return rows.map(({ record }) => record);
}

/** More alerts of one violation than this say nothing new of it, but would make each look cost all that ever fired. */
const witnesses = 20;

/** Alerts that fire for each of the given violations, some of them where there are very many. */
export async function firingAlertsOf(db: Db, fingerprints: readonly string[]): Promise<AlertRecord[]> {
  const { rows } = await sql<{ record: AlertRecord }>`
    select record from unnest(${fingerprints}::text[]) as wanted(fingerprint)
    cross join lateral (
      select record from monitor.alert where firing and alert.fingerprint = wanted.fingerprint limit ${witnesses}
    ) as witness`.execute(db);
  return rows.map(({ record }) => record);
}

const alertColumns: readonly Column<AlertRecord>[] = [
  { type: 'text', of: ({ id }) => id },
  { type: 'text', of: ({ fingerprint }) => fingerprint },
  { type: 'boolean', of: ({ firing }) => String(firing) },
  { type: 'boolean', of: ({ listed }) => String(listed) },
  { type: 'timestamptz', of: ({ seenAt }) => instantOf(seenAt) },
  { type: 'json', of: (record) => JSON.stringify(record) },
];

export async function saveAlerts(db: Db, alerts: readonly AlertRecord[]): Promise<void> {
  if (alerts.length === 0) return;
  await sql`
    insert into monitor.alert (id, fingerprint, firing, listed, seen_at, record)
    select * from ${rowsOf(alerts, alertColumns)}
    on conflict (id) do update set fingerprint = excluded.fingerprint, firing = excluded.firing,
      listed = excluded.listed, seen_at = excluded.seen_at, record = excluded.record`.execute(db);
}

/** Notes senders whose alerts a configured Alertmanager has listed: they are ours, so absence from the list means resolved. */
export async function rememberSenders(db: Db, urls: ReadonlySet<string>): Promise<void> {
  if (urls.size === 0) return;
  await sql`insert into monitor.alert_sender (url) select unnest(${[...urls]}::text[]) on conflict do nothing`.execute(
    db,
  );
}
