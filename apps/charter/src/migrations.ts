import { enforcementMigrations } from './enforcement/migrations.ts';

export const migrations = {
  '001-packs-policies': `
    create table generation (id int primary key check (id = 1), value bigint not null);
    insert into generation values (1, 1);
    create table pack (
      id text primary key,
      name text not null,
      version text not null,
      environment text not null,
      digest text not null,
      source text not null,
      documents text not null,
      policies text[] not null,
      created_by text not null,
      created_at timestamptz not null default now(),
      unique (environment, name, digest)
    );
    create table active_pack (
      environment text primary key,
      pack_id text not null references pack (id),
      activated_at timestamptz not null default now(),
      activated_by text not null
    );
    create table policy (
      id text primary key,
      name text not null,
      environment text not null,
      version text not null,
      form text not null,
      status text not null,
      digest text not null,
      source text,
      pack_id text references pack (id),
      document_index int not null,
      requires_approval boolean not null,
      revision int not null default 1,
      replaced_id text,
      created_by text not null,
      created_at timestamptz not null default now(),
      activated_at timestamptz,
      ended_at timestamptz,
      check ((source is null) = (pack_id is not null))
    );
    create unique index policy_one_active on policy (name, environment) where status = 'active';
    create index policy_revision on policy (name, environment, digest);
    create table policy_set (
      version text primary key,
      policy_ids text[] not null,
      created_at timestamptz not null default now()
    );
  `,
  '002-decisions-automation': `
    create table automation (
      policy text not null,
      action text not null,
      target_class text not null,
      mode text not null,
      maximum text not null,
      reason text not null,
      changed_by text not null,
      changed_at timestamptz not null default now(),
      primary key (policy, action, target_class)
    );
    create table decision (
      id text primary key,
      at timestamptz not null,
      effect text not null,
      action text not null,
      target text,
      incident_id text,
      plan_id text,
      subject text,
      policy text,
      rule text,
      policy_version text not null,
      body text not null
    );
    create index decision_at on decision (at);
    create index decision_usage on decision (policy, rule, at) where subject = 'execute' and effect = 'allow';
    create index decision_incident on decision (incident_id) where incident_id is not null;
    create table decision_minute (minute timestamptz primary key);
    create table decision_stream (
      id text primary key,
      beat_at timestamptz not null default now(),
      closed_at timestamptz
    );
  `,
  '003-approvals-windows': `
    create table approval (
      id text primary key,
      kind text not null,
      plan_id text not null,
      plan_hash text not null,
      status text not null,
      quorum int not null,
      four_eyes boolean not null,
      body text not null,
      created_by text not null,
      created_at timestamptz not null default now(),
      expires_at timestamptz not null,
      decided_at timestamptz,
      notified_at timestamptz,
      settled_at timestamptz,
      unique (plan_id, plan_hash)
    );
    create index approval_pending on approval (expires_at) where status = 'pending';
    create table approval_vote (
      approval_id text not null references approval (id),
      by text not null,
      vote text not null,
      reason text,
      at timestamptz not null default now(),
      primary key (approval_id, by)
    );
    create table time_window (
      id text primary key,
      name text not null,
      body text not null,
      created_by text not null,
      created_at timestamptz not null default now(),
      ended_at timestamptz
    );
    create unique index time_window_one_standing on time_window (name) where ended_at is null;
  `,
  '004-audit': `
    create table audit (
      seq bigint primary key,
      at text not null,
      actor text not null,
      action text not null,
      subject text not null,
      data text not null,
      prev_hash text not null,
      hash text not null
    );
    create function refuse_change() returns trigger language plpgsql as $$
      begin raise exception 'the audit log is append-only'; end
    $$;
    create trigger audit_append_only before update or delete or truncate on audit
      for each statement execute function refuse_change();
    create table audit_checkpoint (
      seq bigint primary key,
      hash text not null,
      at text not null,
      key_id text not null,
      signature text not null
    );
    create table audit_key (
      id text primary key,
      public_key text not null,
      since timestamptz not null default now()
    );
  `,
  '005-approval-escalation': `alter table approval add column escalated_at timestamptz;`,
  '006-approval-edit': `alter table approval add column edited_from text;`,
  '007-approval-standing': `
    alter table approval add column stands_until timestamptz;
    create index approval_standing on approval (stands_until) where status = 'approved' and stands_until is not null;
  `,
  ...enforcementMigrations,
} as const;
