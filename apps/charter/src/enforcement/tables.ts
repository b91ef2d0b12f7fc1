import type { Generated } from 'kysely';

/** Tables of enforcement. Documents are JSON text. */
export interface EnforcementTables {
  /** One rung of the escalation ladder: the attempts at one metric under one policy. */
  ladder_rung: { key: string; state: string; last_at: Date };
  /** What was found wrong: forbidden collection that repeated, or something reported about a person or service. */
  enforcement_event: {
    id: string;
    /** Same key, same event. */
    event_key: string;
    kind: string;
    severity: string;
    violation_type: string;
    node_or_service: string;
    environment: string;
    metric_name: string | null;
    policy: string | null;
    attempt_count: number | null;
    threshold: number | null;
    action: string | null;
    description: string;
    evidence: string | null;
    reported_by: string;
    started_at: Date;
    last_at: Date;
    /** When monitor was told last. */
    signaled_at: Generated<Date>;
    is_firing: Generated<boolean>;
  };
  committee_member: { name: string; contact: string | null; added_by: string; added_at: Generated<Date> };
  committee_vote: { subject: string; member: string; vote: string; reason: string | null; at: Generated<Date> };
  committee_notice: {
    id: string;
    event_id: string;
    severity: string;
    text: string;
    created_at: Generated<Date>;
    due_at: Generated<Date>;
    tries: Generated<number>;
    delivered_at: Date | null;
    recipients: number | null;
  };
  investigation: {
    id: string;
    event_id: string | null;
    violation_type: string;
    severity: string;
    node_or_service: string;
    initiated_by: string;
    opened_by: string;
    summary: string;
    workload_hours: number;
    status: string;
    opened_at: Generated<Date>;
    closed_at: Date | null;
    closed_by: string | null;
    finding: string | null;
    result: string | null;
  };
  emergency_override: {
    id: string;
    effect: string;
    match: string;
    reason: string;
    status: string;
    requested_by: string;
    requested_at: Generated<Date>;
    quorum: number;
    ttl_seconds: number;
    /** Longest it may last in all, renewals included. */
    most_seconds: number;
    renewals: Generated<number>;
    /** A request without its quorum by then has ended. */
    due_at: Date;
    starts_at: Date | null;
    expires_at: Date | null;
    ended_at: Date | null;
    ended_by: string | null;
    end_reason: string | null;
  };
  revocation: {
    id: string;
    reason: string;
    scope: string;
    node_or_service: string;
    status: string;
    requested_by: string;
    requested_at: Generated<Date>;
    due_at: Generated<Date>;
    tries: Generated<number>;
    completed_at: Date | null;
    proof: string | null;
  };
  /** Nothing here tells when within a day, from where or by whom a report came; ids are random. */
  report: {
    id: string;
    received_on: Generated<string>;
    channel: string;
    subject: string | null;
    text: string;
    is_counted: Generated<boolean>;
  };
  component: {
    name: string;
    spec: string;
    restarts: Generated<number>;
    fencing_token: Generated<string>;
    changed_by: string;
    changed_at: Generated<Date>;
  };
  component_effect: {
    idempotency_key: string;
    component: string;
    operation: string;
    parameters: string;
    fencing_token: string;
    answer: string;
    at: Generated<Date>;
  };
}
