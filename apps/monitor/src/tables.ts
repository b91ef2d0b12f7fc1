import type { Violation } from '@charter/shared/contracts';
import type { ColumnType, Generated } from 'kysely';
import type { AlertRecord } from './domain/alert.ts';
import type { Evaluation } from './domain/observe-query.ts';
import type { SignalState } from './domain/signal-state.ts';
import type { ViolationRecord } from './domain/violation-record.ts';

/** JSON in the database, the record itself when read, its text when written. */
type Json<T> = ColumnType<T, string, string>;

/** The tables of schema `monitor`, as `migrations.ts` makes them. */
export interface MonitorTables {
  signal: {
    fingerprint: string;
    rule: string;
    component: string;
    phase: string;
    source: string;
    observed_at: Date;
    state: Json<SignalState>;
  };
  violation: {
    id: string;
    fingerprint: string;
    incident_id: string;
    rule: string;
    component: string;
    metric: string;
    severity: string;
    state: Violation['state'];
    detected_at: Date;
    resolved_at: Date | null;
    announced_at: Date | null;
    record: Json<ViolationRecord>;
  };
  incident: {
    id: string;
    component: string;
    opened_at: Date;
    announced: boolean;
    quiet_since: Date | null;
    cleared_at: Date | null;
  };
  alert: {
    id: string;
    fingerprint: string | null;
    firing: boolean;
    listed: boolean;
    seen_at: Date;
    record: Json<AlertRecord>;
  };
  alert_sender: { url: string };
  alert_intake: { id: Generated<string>; received_at: Generated<Date>; body: string; failure: string | null };
  /** What Knowledge said last of each subject. */
  adaptation: { kind: string; subject: string; value: number; reason: string; at: Date };
  evaluation: { rule: string; at: Date; record: Json<Evaluation> };
}
