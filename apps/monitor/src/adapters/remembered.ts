import { type Column, rowsOf } from '@charter/store';
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { Derived, IncidentRecord, Remembered } from '../domain/derive-violations.ts';
import type { Evaluation } from '../domain/observe-query.ts';
import type { SignalState } from '../domain/signal-state.ts';
import { instantOf, type ViolationRecord } from '../domain/violation-record.ts';
import type { MonitorTables } from '../tables.ts';

type Db = Kysely<MonitorTables>;

/**
 * Makes this transaction the only one that derives violations, across replicas, until it ends: two looks at once would open
 * one episode twice.
 */
export async function deriveAlone(db: Db): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('monitor.derive'))`.execute(db);
}

/** Every signal that is pending, firing or recovering. */
export async function activeSignals(db: Db): Promise<SignalState[]> {
  const rows = await db.selectFrom('signal').select('state').where('phase', '<>', 'quiet').execute();
  return rows.map(({ state }) => state);
}

/**
 * What is known of the given signals: their states, running episodes and open incidents. Three queries, however many.
 * `active` are all active ones, where the caller has them already.
 */
export async function rememberedOf(
  db: Db,
  fingerprints: ReadonlySet<string>,
  components: readonly string[],
  active: readonly SignalState[],
): Promise<Remembered> {
  const signals = new Map(
    active.flatMap((state) => (fingerprints.has(state.fingerprint) ? [[state.fingerprint, state] as const] : [])),
  );
  const missing = [...fingerprints].filter((fingerprint) => !signals.has(fingerprint));
  const { rows } = await sql<{ state: SignalState }>`
    select state from monitor.signal where fingerprint = any(${missing}::text[])`.execute(db);
  for (const { state } of rows) signals.set(state.fingerprint, state);
  const states = [...signals.values()];
  const running = states.flatMap(({ violationId }) => (violationId === null ? [] : [violationId]));
  const { rows: violations } = await sql<{ record: ViolationRecord }>`
    select record from monitor.violation where id = any(${running}::text[])`.execute(db);
  const places = new Set([...components, ...states.map(({ component }) => component)]);
  const { rows: incidents } = await sql<{ id: string; component: string; opened_at: Date; announced: boolean }>`
    select id, component, opened_at, announced from monitor.incident
    where cleared_at is null and component = any(${[...places]}::text[])`.execute(db);
  return {
    signals,
    violations: new Map(violations.map(({ record }) => [record.id, record])),
    incidents: new Map(incidents.map((row) => [row.component, incidentFrom(row)])),
  };
}

const incidentFrom = (row: { id: string; component: string; opened_at: Date; announced: boolean }): IncidentRecord => ({
  id: row.id,
  component: row.component,
  openedAt: row.opened_at.getTime(),
  announced: row.announced,
});

/** Keeps what was derived; four statements, however much it is. `known` are the incidents that were open before. */
export async function saveDerived(
  db: Db,
  derived: Derived,
  known: ReadonlyMap<string, IncidentRecord>,
  now: number,
): Promise<void> {
  await saveIncidents(db, derived.incidents);
  await saveSignals(db, derived.signals);
  await saveViolations(db, derived.violations);
  await settleIncidents(db, unsettledBy(derived, known), now);
}

const signalColumns: readonly Column<SignalState>[] = [
  { type: 'text', of: ({ fingerprint }) => fingerprint },
  { type: 'text', of: ({ rule }) => rule },
  { type: 'text', of: ({ component }) => component },
  { type: 'text', of: ({ phase }) => phase },
  { type: 'text', of: ({ source }) => source },
  { type: 'timestamptz', of: ({ observedAt }) => instantOf(observedAt) },
  { type: 'json', of: (state) => JSON.stringify(state) },
];

async function saveSignals(db: Db, states: readonly SignalState[]): Promise<void> {
  if (states.length === 0) return;
  await sql`
    insert into monitor.signal (fingerprint, rule, component, phase, source, observed_at, state)
    select * from ${rowsOf(states, signalColumns)}
    on conflict (fingerprint) do update set phase = excluded.phase, source = excluded.source,
      observed_at = excluded.observed_at, state = excluded.state`.execute(db);
}

const violationColumns: readonly Column<ViolationRecord>[] = [
  { type: 'text', of: ({ id }) => id },
  { type: 'text', of: ({ fingerprint }) => fingerprint },
  { type: 'text', of: ({ incidentId }) => incidentId },
  { type: 'text', of: ({ rule }) => rule },
  { type: 'text', of: ({ component }) => component },
  { type: 'text', of: ({ metric }) => metric },
  { type: 'text', of: ({ severity }) => severity },
  { type: 'text', of: ({ state }) => state },
  { type: 'timestamptz', of: ({ detectedAt }) => detectedAt },
  { type: 'timestamptz', of: ({ resolvedAt }) => resolvedAt },
  { type: 'timestamptz', of: ({ announcedAt }) => (announcedAt === null ? null : instantOf(announcedAt)) },
  { type: 'json', of: (record) => JSON.stringify(record) },
];

async function saveViolations(db: Db, violations: readonly ViolationRecord[]): Promise<void> {
  if (violations.length === 0) return;
  await sql`
    insert into monitor.violation (id, fingerprint, incident_id, rule, component, metric, severity, state, detected_at,
      resolved_at, announced_at, record)
    select * from ${rowsOf(violations, violationColumns)}
    on conflict (id) do update set severity = excluded.severity, state = excluded.state,
      resolved_at = excluded.resolved_at, announced_at = excluded.announced_at, record = excluded.record`.execute(db);
}

const incidentColumns: readonly Column<IncidentRecord>[] = [
  { type: 'text', of: ({ id }) => id },
  { type: 'text', of: ({ component }) => component },
  { type: 'timestamptz', of: ({ openedAt }) => instantOf(openedAt) },
  { type: 'boolean', of: ({ announced }) => String(announced) },
];

async function saveIncidents(db: Db, incidents: readonly IncidentRecord[]): Promise<void> {
  if (incidents.length === 0) return;
  await sql`
    insert into monitor.incident (id, component, opened_at, announced)
    select * from ${rowsOf(incidents, incidentColumns)}
    on conflict (id) do update set announced = excluded.announced`.execute(db);
}

/** The incidents of which a violation ended, or which were quiet and have a new one. */
function unsettledBy({ changes }: Derived, known: ReadonlyMap<string, IncidentRecord>): Set<string> {
  const before = new Set([...known.values()].map(({ id }) => id));
  const turning = changes.filter(
    ({ kind, violation }) => kind === 'resolved' || (kind === 'opened' && before.has(violation.incidentId)),
  );
  return new Set(turning.map(({ violation }) => violation.incidentId));
}

/** An incident is quiet from the moment the last of its violations is resolved. */
async function settleIncidents(db: Db, ids: ReadonlySet<string>, now: number): Promise<void> {
  if (ids.size === 0) return;
  await sql`
    update monitor.incident set quiet_since = case
      when exists (select from monitor.violation v where v.incident_id = incident.id and v.state = 'firing') then null
      else coalesce(quiet_since, ${new Date(now)}) end
    where id = any(${[...ids]}::text[])`.execute(db);
}

export async function saveEvaluations(db: Db, evaluations: readonly Evaluation[], now: number): Promise<void> {
  await sql`
    insert into monitor.evaluation (rule, at, record)
    select e->>'rule', ${new Date(now)}, e from jsonb_array_elements(${JSON.stringify(evaluations)}::jsonb) as e
    on conflict (rule) do update set at = excluded.at, record = excluded.record`.execute(db);
}
