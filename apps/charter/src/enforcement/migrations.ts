/** Tables of enforcement, part of the charter's schema. */
export const enforcementMigrations = {
  '005-enforcement': `
    create table ladder_rung (key text primary key, state text not null, last_at timestamptz not null);
    create index ladder_rung_last_at on ladder_rung (last_at);
    create table enforcement_event (
      id text primary key,
      event_key text not null unique,
      kind text not null,
      severity text not null,
      violation_type text not null,
      node_or_service text not null,
      environment text not null,
      metric_name text,
      policy text,
      attempt_count int,
      threshold int,
      action text,
      description text not null,
      evidence text,
      reported_by text not null,
      started_at timestamptz not null,
      last_at timestamptz not null,
      signaled_at timestamptz not null default now(),
      is_firing boolean not null default true
    );
    create index enforcement_event_firing on enforcement_event (last_at) where is_firing;
    create table committee_member (
      name text primary key,
      contact text,
      added_by text not null,
      added_at timestamptz not null default now()
    );
    create table committee_vote (
      subject text not null,
      member text not null,
      vote text not null,
      reason text,
      at timestamptz not null default now(),
      primary key (subject, member)
    );
    create table committee_notice (
      id text primary key,
      event_id text not null references enforcement_event (id),
      severity text not null,
      text text not null,
      created_at timestamptz not null default now(),
      due_at timestamptz not null default now(),
      tries int not null default 0,
      delivered_at timestamptz,
      recipients int
    );
    create index committee_notice_due on committee_notice (due_at) where delivered_at is null;
    create table investigation (
      id text primary key,
      event_id text references enforcement_event (id),
      violation_type text not null,
      severity text not null,
      node_or_service text not null,
      initiated_by text not null,
      opened_by text not null,
      summary text not null,
      workload_hours double precision not null,
      status text not null,
      opened_at timestamptz not null default now(),
      closed_at timestamptz,
      closed_by text,
      finding text,
      result text
    );
    create unique index investigation_one_per_event on investigation (event_id) where event_id is not null;
    create index investigation_open on investigation (severity) where status = 'open';
    create table emergency_override (
      id text primary key,
      effect text not null,
      match text not null,
      reason text not null,
      status text not null,
      requested_by text not null,
      requested_at timestamptz not null default now(),
      quorum int not null,
      ttl_seconds int not null,
      most_seconds int not null,
      renewals int not null default 0,
      due_at timestamptz not null,
      starts_at timestamptz,
      expires_at timestamptz,
      ended_at timestamptz,
      ended_by text,
      end_reason text
    );
    create index emergency_override_standing on emergency_override (status) where status in ('pending', 'active');
    create table revocation (
      id text primary key,
      reason text not null,
      scope text not null,
      node_or_service text not null,
      status text not null,
      requested_by text not null,
      requested_at timestamptz not null default now(),
      due_at timestamptz not null default now(),
      tries int not null default 0,
      completed_at timestamptz,
      proof text
    );
    create index revocation_due on revocation (due_at) where status <> 'completed';
    create table report (
      id text primary key,
      received_on date not null default current_date,
      channel text not null,
      subject text,
      text text not null,
      is_counted boolean not null default false
    );
    create table component (
      name text primary key,
      spec text not null,
      restarts int not null default 0,
      fencing_token bigint not null default 0,
      changed_by text not null,
      changed_at timestamptz not null default now()
    );
    create table component_effect (
      idempotency_key text primary key,
      component text not null,
      operation text not null,
      parameters text not null,
      fencing_token bigint not null,
      answer text not null,
      at timestamptz not null default now()
    );
  `,
} as const;
