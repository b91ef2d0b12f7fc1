import { keptPackMigration } from '@charter/stage';
import type { Migrations } from '@charter/store';

/** Schema of monitor; its tables' types are in `tables.ts`. Whole records are JSON, what is asked for has its own column. */
export const migrations: Migrations = {
  '001-signals-violations-alerts': `
    ${keptPackMigration}
    create table signal (
      fingerprint text primary key,
      rule text not null,
      component text not null,
      phase text not null,
      source text not null,
      observed_at timestamptz not null,
      state jsonb not null
    ) with (fillfactor = 50);
    create index signal_active on signal (phase) where phase <> 'quiet';
    create table violation (
      id text primary key,
      fingerprint text not null,
      incident_id text not null,
      rule text not null,
      component text not null,
      metric text not null,
      severity text not null,
      state text not null,
      detected_at timestamptz not null,
      resolved_at timestamptz,
      announced_at timestamptz,
      record jsonb not null
    );
    create index violation_fingerprint on violation (fingerprint, id);
    create index violation_incident on violation (incident_id, id);
    create index violation_component on violation (component, id);
    create index violation_firing on violation (id) where state = 'firing';
    create index violation_detected on violation using brin (detected_at);
    create table incident (
      id text primary key,
      component text not null,
      opened_at timestamptz not null,
      announced boolean not null,
      quiet_since timestamptz,
      cleared_at timestamptz
    );
    create unique index incident_open on incident (component) where cleared_at is null;
    create index incident_cleared on incident (cleared_at) where cleared_at is not null;
    create table alert (
      id text primary key,
      fingerprint text,
      firing boolean not null,
      listed boolean not null,
      seen_at timestamptz not null,
      record jsonb not null
    ) with (fillfactor = 70);
    create index alert_firing on alert (fingerprint) where firing;
    create table alert_sender (url text primary key);
    create table alert_intake (
      id bigint generated always as identity primary key,
      received_at timestamptz not null default now(),
      body text not null,
      failure text
    );
    alter table alert_intake alter column body set storage external;
    create index alert_intake_waiting on alert_intake (id) where failure is null;
    create table evaluation (rule text primary key, at timestamptz not null, record jsonb not null);
  `,
  // Kept and read as a whole, thousands at once: as text they cost a third of what taking them apart does.
  '002-records-as-text': `
    alter table signal alter column state type json using state::json;
    alter table violation alter column record type json using record::json;
    alter table alert alter column record type json using record::json;
  `,
  '003-adaptations': `
    create table adaptation (
      kind text not null,
      subject text not null,
      value double precision not null,
      reason text not null,
      at timestamptz not null,
      primary key (kind, subject)
    );
  `,
};
