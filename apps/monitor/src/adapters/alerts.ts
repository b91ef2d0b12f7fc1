import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { AlertRecord } from '../domain/alert.ts';
import type { MonitorTables } from '../tables.ts';

type Db = Kysely<MonitorTables>;

export async function alertsById(db: Db, ids: readonly string[]): Promise<Map<string, AlertRecord>> {
  const { rows } = await sql<{ record: AlertRecord }>`
    select record from monitor.alert where id = any(${ids}::text[])`.execute(db);
  return new Map(rows.map(({ record }) => [record.id, record]));
}

/** All alerts that fire, as far as is known. */
export async function firingAlerts(db: Db): Promise<AlertRecord[]> {
  const rows = await db.selectFrom('alert').select('record').where('firing', '=', true).execute();
  return rows.map(({ record }) => record);
}

/** Alerts that fire for any of the given violations. */
export async function firingAlertsOf(db: Db, fingerprints: readonly string[]): Promise<AlertRecord[]> {
  const { rows } = await sql<{ record: AlertRecord }>`
    select record from monitor.alert where firing and fingerprint = any(${fingerprints}::text[])`.execute(db);
  return rows.map(({ record }) => record);
}

export async function saveAlerts(db: Db, alerts: readonly AlertRecord[]): Promise<void> {
  if (alerts.length === 0) return;
  await sql`
    insert into monitor.alert (id, fingerprint, firing, listed, seen_at, record)
    select a->>'id', a->>'fingerprint', (a->>'firing')::boolean, (a->>'listed')::boolean,
      to_timestamp((a->>'seenAt')::float8 / 1000), a
    from jsonb_array_elements(${JSON.stringify(alerts)}::jsonb) as a
    on conflict (id) do update set fingerprint = excluded.fingerprint, firing = excluded.firing,
      listed = excluded.listed, seen_at = excluded.seen_at, record = excluded.record`.execute(db);
}

/** The senders whose alerts a configured Alertmanager has listed: they are ours, so absence from the list means resolved. */
export async function knownSenders(db: Db): Promise<Set<string>> {
  const rows = await db.selectFrom('alert_sender').select('url').execute();
  return new Set(rows.map(({ url }) => url));
}

export async function rememberSenders(db: Db, urls: ReadonlySet<string>): Promise<void> {
  if (urls.size === 0) return;
  await sql`insert into monitor.alert_sender (url) select unnest(${[...urls]}::text[]) on conflict do nothing`.execute(
    db,
  );
}
