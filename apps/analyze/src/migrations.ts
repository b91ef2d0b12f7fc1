import { keptPackMigration } from '@charter/stage';
import type { Generated, JSONColumnType } from 'kysely';

export interface AnalyzeTables {
  incident: {
    id: string;
    environment: string;
    component: string;
    opened_at: Date;
    /** Newest change of its violations, and the newest that an analysis has seen. */
    changed: Generated<string>;
    analyzed: Generated<string>;
    changed_at: Generated<Date>;
    revision: Generated<number>;
    merged_into: string | null;
    blames: JSONColumnType<{ component: string; metric: string } | null>;
    cleared_at: Date | null;
    /** When to look again although nothing changed, because the finding was not certain. */
    look_again_at: Date | null;
    cycle_id: string | null;
    traceparent: string | null;
  };
  violation: {
    id: string;
    incident_id: string;
    revision: number;
    state: string;
    body: JSONColumnType<Record<string, unknown>>;
  };
  /** What Knowledge made of how analyses turned out; the newest word on each subject. */
  adaptation: {
    kind: string;
    subject: string;
    points: JSONColumnType<Array<{ from: number; to: number }>>;
    reason: string;
    at: Date;
  };
  analysis: {
    id: string;
    incident_id: string;
    revision: number;
    component: string;
    verdict: string;
    analyzed_at: Date;
    body: JSONColumnType<Record<string, unknown>>;
    /** The windows it read, so that it can be computed again. */
    windows: JSONColumnType<unknown[]>;
  };
}

export const migrations = {
  '001-incidents-violations-analyses': `
    create table incident (
      id text primary key,
      environment text not null,
      component text not null,
      opened_at timestamptz not null,
      changed bigint not null default 1,
      analyzed bigint not null default 0,
      changed_at timestamptz not null default now(),
      revision int not null default 0,
      merged_into text,
      blames jsonb,
      cleared_at timestamptz,
      look_again_at timestamptz,
      cycle_id text,
      traceparent text
    );
    create index incident_waiting on incident (changed_at) where analyzed < changed;
    create index incident_unsure on incident (look_again_at) where look_again_at is not null;
    create index incident_open on incident (environment) where cleared_at is null;
    create table violation (
      id text primary key,
      incident_id text not null references incident (id) on delete cascade,
      revision int not null,
      state text not null,
      body jsonb not null
    );
    create index violation_incident on violation (incident_id);
    create table analysis (
      id text primary key,
      incident_id text not null,
      revision int not null,
      component text not null,
      verdict text not null,
      analyzed_at timestamptz not null,
      body jsonb not null,
      windows jsonb not null,
      unique (incident_id, revision)
    );
    create index analysis_at on analysis (analyzed_at);
    ${keptPackMigration}
  `,
  '002-adaptations': `
    create table adaptation (
      kind text not null,
      subject text not null,
      points jsonb not null,
      reason text not null,
      at timestamptz not null,
      primary key (kind, subject)
    );
  `,
};
