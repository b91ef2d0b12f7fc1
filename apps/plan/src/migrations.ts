import { keptPackMigration } from '@charter/stage';
import type { Migrations } from '@charter/store';

export const planMigrations: Migrations = {
  '001-plans': `
    create table incident (
      id text primary key,
      environment text not null,
      component text not null,
      blamed text not null,
      revision int not null,
      analysis_id text not null,
      analysis jsonb not null,
      state text not null,
      merged_into text,
      answer text,
      heard_at timestamptz not null default now()
    );
    create index incident_analysis on incident (analysis_id);
    create index incident_open on incident (environment, heard_at) where state = 'open' and merged_into is null;

    create table plan (
      id text primary key,
      incident_id text not null,
      component text,
      strategy text not null,
      status text not null,
      body jsonb not null,
      classes jsonb not null,
      answer text not null,
      approval_id text,
      approval_closed boolean not null default true,
      execution_id text,
      execution_state text,
      outcome_id text not null,
      outcome_type text,
      reason text,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      watch_until timestamptz,
      ended_at timestamptz
    );
    create index plan_incident on plan (incident_id, id);
    create index plan_open on plan (status, expires_at) where status in ('pending', 'sent');
    create index plan_watched on plan (watch_until) where watch_until is not null;
    create index plan_approval_open on plan (id) where not approval_closed;

    create table plan_target (
      plan_id text not null references plan (id) on delete cascade,
      target text not null,
      generation int not null,
      open boolean not null default true,
      primary key (plan_id, target)
    );
    create unique index plan_target_in_flight on plan_target (target) where open;
    create table plan_change (
      plan_id text not null references plan (id) on delete cascade,
      position int not null,
      target text not null,
      resource text not null,
      sign int not null,
      value text not null,
      sent_at timestamptz,
      primary key (plan_id, position)
    );
    create index plan_change_sent on plan_change (sent_at) where sent_at is not null;
    create table target_generation (target text primary key, generation int not null);

    create table conflict (
      id text primary key,
      kind text not null,
      target text not null,
      resource text not null,
      plan_ids jsonb not null,
      incident_ids jsonb not null,
      strategies jsonb not null,
      reason text not null,
      opened_at timestamptz not null default now(),
      frozen_until timestamptz not null,
      closed_at timestamptz
    );
    create unique index conflict_standing on conflict (target, resource) where closed_at is null;

    create table brake (environment text primary key, since timestamptz, calm_since timestamptz);
    ${keptPackMigration}
    create table adaptation (
      kind text not null,
      subject text not null,
      value double precision not null,
      confidence double precision not null,
      reason text not null,
      at timestamptz not null,
      primary key (kind, subject)
    );
  `,
  '002-choices-situations': `
    create table choice (
      plan_id text primary key references plan (id) on delete cascade,
      environment text not null,
      explored boolean not null,
      bar double precision not null,
      credit double precision not null,
      at timestamptz not null default now()
    );
    create index choice_at on choice (environment, at);
    create table ground (
      digest text primary key,
      body jsonb not null,
      at timestamptz not null default now()
    );
    create table situation (
      plan_id text primary key references plan (id) on delete cascade,
      ground text not null references ground (digest),
      status text not null,
      facts jsonb not null,
      asked jsonb not null,
      at timestamptz not null default now()
    );
    create index situation_at on situation (at, plan_id);
  `,
};
