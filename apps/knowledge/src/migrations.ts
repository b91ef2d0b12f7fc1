import { keptPackMigration } from '@charter/stage';
import type { Generated, JSONColumnType } from 'kysely';

export interface KnowledgeTables {
  outcome: {
    id: string;
    incident_id: string;
    plan_id: string;
    environment: string;
    component: string;
    root_cause: string | null;
    strategy: string;
    type: string;
    executed: boolean;
    disposition: string;
    seconds: number | null;
    at: Date;
    incident_opened_at: Date;
    recorded_at: Generated<Date>;
    corrected_by: string | null;
    correction: string | null;
    body: JSONColumnType<Record<string, unknown>>;
  };
  outcome_revision: {
    id: Generated<string>;
    outcome_id: string;
    type: string;
    said_by: string;
    reason: string;
    stands: boolean;
    at: Date;
    recorded_at: Generated<Date>;
  };
  tally: {
    id: string;
    kind: string;
    root_cause: string;
    action: string;
    target_class: string;
    target: string;
    strategy: string;
    body: JSONColumnType<Record<string, unknown>>;
    changed_at: Generated<Date>;
  };
  adaptation: {
    subject: string;
    value: number;
    confidence: number;
    reason: string;
    at: Date;
  };
  autonomy_case: {
    outcome_id: string;
    policy: string;
    action: string;
    target_class: string;
    at: Date;
    acted: boolean;
    success: number;
    harm: boolean;
  };
  autonomy: {
    policy: string;
    action: string;
    target_class: string;
    mode: string;
    since: Date;
    reason: string;
    record: JSONColumnType<Record<string, unknown>>;
  };
  autonomy_change: {
    id: Generated<string>;
    policy: string;
    action: string;
    target_class: string;
    from_mode: string;
    to_mode: string;
    reason: string;
    at: Date;
  };
  /** What a person took back; what was earned before it does not count for going up again. */
  autonomy_revocation: {
    id: Generated<string>;
    policy: string;
    action: string;
    target_class: string;
    by: string;
    reason: string;
    at: Date;
  };
  /** Runbooks and strategies in passages, to be found by what an incident is about. */
  passage: { id: string; source: string; title: string; body: string; digest: string; strategy: string | null };
  /** The last refit that was told, by what it is of. */
  refit: { subject: string; body: JSONColumnType<Record<string, unknown>>; at: Date };
  autonomy_grant: {
    policy: string;
    action: string;
    target_class: string;
    mode: string;
    published_at: Generated<Date>;
  };
}

export const migrations = {
  '001-outcomes-tallies': `
    create table outcome (
      id text primary key,
      incident_id text not null,
      plan_id text not null unique,
      environment text not null,
      component text not null,
      root_cause text,
      strategy text not null,
      type text not null,
      executed boolean not null,
      disposition text not null,
      seconds double precision,
      at timestamptz not null,
      incident_opened_at timestamptz not null,
      recorded_at timestamptz not null default now(),
      corrected_by text,
      correction text,
      body jsonb not null
    );
    create index outcome_incident on outcome (incident_id);
    create index outcome_component on outcome (component, at);
    create index outcome_root_cause on outcome (root_cause, at);
    create index outcome_at on outcome (at);
    create table outcome_revision (
      id bigserial primary key,
      outcome_id text not null references outcome on delete cascade,
      type text not null,
      said_by text not null,
      reason text not null,
      stands boolean not null,
      at timestamptz not null,
      recorded_at timestamptz not null default now()
    );
    create index outcome_revision_outcome on outcome_revision (outcome_id);
    create table tally (
      id text primary key,
      kind text not null,
      root_cause text not null,
      action text not null,
      target_class text not null,
      target text not null,
      strategy text not null,
      body jsonb not null,
      changed_at timestamptz not null default now()
    );
    create index tally_root_cause on tally (kind, root_cause);
    create table adaptation (
      subject text primary key,
      value double precision not null,
      confidence double precision not null,
      reason text not null,
      at timestamptz not null
    );
  `,
  '002-autonomy': `
    create table autonomy_case (
      outcome_id text not null references outcome on delete cascade,
      action text not null,
      target_class text not null,
      at timestamptz not null,
      acted boolean not null,
      success double precision not null,
      harm boolean not null,
      primary key (outcome_id, action, target_class)
    );
    create index autonomy_case_subject on autonomy_case (action, target_class, at);
    create table autonomy (
      action text not null,
      target_class text not null,
      mode text not null,
      since timestamptz not null,
      reason text not null,
      record jsonb not null,
      primary key (action, target_class)
    );
    create table autonomy_change (
      id bigserial primary key,
      action text not null,
      target_class text not null,
      from_mode text not null,
      to_mode text not null,
      reason text not null,
      at timestamptz not null
    );
    create index autonomy_change_subject on autonomy_change (action, target_class, id);
    create table autonomy_grant (
      policy text not null,
      action text not null,
      target_class text not null,
      mode text not null,
      published_at timestamptz not null default now(),
      primary key (policy, action, target_class)
    );
  `,
  '003-policies-passages': `
    alter table autonomy_case add column policy text not null default '*';
    alter table autonomy_case drop constraint autonomy_case_pkey;
    alter table autonomy_case add primary key (outcome_id, policy, action, target_class);
    alter table autonomy add column policy text not null default '*';
    alter table autonomy drop constraint autonomy_pkey;
    alter table autonomy add primary key (policy, action, target_class);
    alter table autonomy_change add column policy text not null default '*';
    create table autonomy_revocation (
      id bigserial primary key,
      policy text not null,
      action text not null,
      target_class text not null,
      by text not null,
      reason text not null,
      at timestamptz not null
    );
    create index autonomy_revocation_subject on autonomy_revocation (policy, action, target_class, at);
    create table passage (
      id text primary key,
      source text not null,
      title text not null,
      body text not null,
      digest text not null,
      strategy text
    );
    create table refit (subject text primary key, body jsonb not null, at timestamptz not null);
    ${keptPackMigration}
  `,
} as const;
