import { keptPackMigration } from '@charter/stage';
import type { Migrations } from '@charter/store';

export const executeMigrations: Migrations = {
  '001-journal': `
    create table execution (
      id text primary key,
      plan_id text not null,
      incident_id text not null,
      outcome_id text not null,
      dry_run boolean not null default false,
      plan jsonb not null,
      step_order jsonb not null,
      state text not null,
      phase text not null default 'acting',
      requested text,
      requested_by text,
      trigger_gone boolean not null default false,
      undo_reason text,
      baseline jsonb,
      samples jsonb not null default '[]',
      verify_from timestamptz,
      verdict jsonb,
      outcome_type text,
      disposition text,
      reason text,
      held_since timestamptz,
      held_by text,
      held_reason text,
      claim int not null default 0,
      holder text,
      lease_until timestamptz,
      next_at timestamptz not null default now(),
      deadline_at timestamptz not null,
      created_at timestamptz not null default now(),
      started_at timestamptz,
      finished_at timestamptz
    );
    create unique index execution_of_plan on execution (plan_id) where not dry_run;
    create index execution_open on execution (next_at) where state in ('pending', 'in_progress', 'paused', 'uncertain');
    create index execution_of_incident on execution (incident_id, id);

    create table step (
      execution_id text not null references execution (id) on delete cascade,
      action_id text not null,
      direction text not null,
      state text not null,
      target text not null,
      call jsonb not null,
      undo jsonb,
      idempotency_key text not null,
      fencing_token bigint not null,
      guarantee text not null,
      before_spec jsonb,
      after_spec jsonb,
      before_hash text,
      after_hash text,
      detail text,
      intent_at timestamptz not null default now(),
      started_at timestamptz,
      result_at timestamptz,
      primary key (execution_id, action_id, direction),
      unique (idempotency_key)
    );

    create table journal (
      id bigint generated always as identity primary key,
      execution_id text not null references execution (id) on delete cascade,
      at timestamptz not null default clock_timestamp(),
      kind text not null,
      action_id text,
      direction text,
      text text not null,
      data jsonb not null default '{}'
    );
    create index journal_of_execution on journal (execution_id, id);

    create table target_lease (
      target text primary key,
      generation bigint not null default 0,
      fencing_token bigint not null default 0,
      holder text,
      expires_at timestamptz,
      changed_at timestamptz,
      changed_by text,
      previous_spec jsonb
    );

    create table failure (
      execution_id text not null,
      target text not null,
      at timestamptz not null default now(),
      reason text not null,
      primary key (execution_id, target)
    );
    create index failure_of_target on failure (target, at);

    create table debit (
      execution_id text not null,
      action_id text not null,
      scope text not null,
      amount double precision not null,
      at timestamptz not null default now(),
      primary key (execution_id, action_id, scope)
    );
    create index debit_of_scope on debit (scope, at);
    create table budget (scope text primary key);

    create table storm_brake (
      id boolean primary key default true check (id),
      pulled_at timestamptz,
      calm_since timestamptz
    );
    insert into storm_brake default values;

    ${keptPackMigration}
  `,
  '002-budget-ledgers': `
    alter table budget add column ledger jsonb not null default '[]';
    update budget b set ledger = coalesce((
      select jsonb_agg(jsonb_build_array(extract(epoch from d.at), d.amount) order by d.at)
      from debit d where d.scope = b.scope and d.at > now() - interval '1 hour'), '[]');
    drop table debit;
  `,
  '003-restart-marks': `alter table step add column before_mark text`,
};
