import type { Generated, JSONColumnType } from 'kysely';

export interface OrchestratorTables {
  cycle: { id: string; slot: string | null; trigger: string; requested_at: Generated<Date> };
  timeline_entry: {
    seq: Generated<string>;
    id: string;
    incident_id: string;
    cycle_id: string | null;
    stage: string;
    event: string;
    at: Date;
    text: string;
    data: JSONColumnType<Record<string, unknown>>;
  };
  incident: {
    id: string;
    state: string;
    component: string;
    environment: string;
    opened_at: Date;
    deadline_at: Date;
    resolved_at: Date | null;
    escalated_at: Date | null;
    body: JSONColumnType<Record<string, unknown>>;
  };
  pause: { scope: string; body: JSONColumnType<Record<string, unknown>>; since: Generated<Date> };
  setting: { name: string; value: string; changed_by: string; changed_at: Generated<Date> };
}

export const migrations = {
  '001-cycles-incidents-pauses': `
    create table cycle (
      id text primary key,
      slot bigint unique,
      trigger text not null,
      requested_at timestamptz not null default now()
    );
    create table timeline_entry (
      seq bigserial primary key,
      id text not null unique,
      incident_id text not null,
      cycle_id text,
      stage text not null,
      event text not null,
      at timestamptz not null,
      text text not null,
      data jsonb not null
    );
    create index timeline_entry_incident on timeline_entry (incident_id, at);
    create index timeline_entry_cycle on timeline_entry (cycle_id) where cycle_id is not null;
    create table incident (
      id text primary key,
      state text not null,
      component text not null,
      environment text not null,
      opened_at timestamptz not null,
      deadline_at timestamptz not null,
      resolved_at timestamptz,
      escalated_at timestamptz,
      body jsonb not null
    );
    create index incident_overdue on incident (deadline_at) where resolved_at is null and escalated_at is null;
    create table pause (
      scope text primary key,
      body jsonb not null,
      since timestamptz not null default now()
    );
    create table setting (
      name text primary key,
      value text not null,
      changed_by text not null,
      changed_at timestamptz not null default now()
    );
  `,
} as const;
