import type { Registry } from '@charter/service';
import { Counter, Gauge, Histogram } from 'prom-client';
import { boundedLabel, slugOf } from './domain/bounded-label.ts';
import { rungSeverities, sanctions, violationTypes } from './domain/violation-scale.ts';

/** Distinct values kept per label that callers control; the rest is `other`. */
const most = { nodes: 100, metrics: 50, types: 30, severities: 20, reasons: 20, people: 20 } as const;
/** A committee larger than this is counted as this. */
const mostRecipients = 50;

const attemptStatuses = ['blocked', 'reported', 'escalated'] as const;
export type AttemptStatus = (typeof attemptStatuses)[number];
export const initiators = ['system', 'committee', 'outside'] as const;
export type Initiator = (typeof initiators)[number];

/** The fifteen metrics of the Charter; names, labels and buckets are facts of the domain. */
export function createCharterMetrics(registry: Registry) {
  const prefix = 'westworld_charter_';
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: prefix + name, help, labelNames, registers });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: prefix + name, help, buckets, registers });
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: prefix + name, help, labelNames, registers });

  const node = boundedLabel(most.nodes);
  const metricName = boundedLabel(most.metrics);
  const type = boundedLabel(most.types, violationTypes);
  const severity = boundedLabel(most.severities, [...rungSeverities, ...sanctions]);
  const revocationReason = boundedLabel(most.reasons);
  const overrideReason = boundedLabel(most.reasons);
  const person = boundedLabel(most.people);

  const violations = counter('violations_total', 'Violations, at each severity they reached.', [
    'severity',
    'violation_type',
    'node_or_service',
  ]);
  const attempts = counter('forbidden_metric_attempts_total', 'Attempts at forbidden metrics.', [
    'metric_name',
    'node_or_service',
    'status',
  ]);
  const revocations = counter('data_revocation_events_total', 'Revocations of data.', ['reason', 'node_or_service']);
  const notices = counter('audit_committee_notifications_total', 'Notices to the committee.', [
    'severity',
    'recipient_count',
  ]);
  const investigations = counter('investigation_initiated_total', 'Investigations opened.', [
    'violation_type',
    'initiated_by',
  ]);
  const overrides = counter('emergency_override_total', 'Emergency overrides put in force.', [
    'reason',
    'who_triggered',
  ]);
  const validation = histogram(
    'metric_validation_latency_seconds',
    'Time to decide one sample.',
    [1e-7, 1e-6, 1e-5, 2e-5, 5e-5, 1e-4, 1e-3, 1e-2],
  );
  const load = histogram('policy_load_duration_seconds', 'Time to load the policies.', [0.01, 0.05, 0.1, 0.2, 0.5, 1]);
  const report = histogram(
    'violation_report_latency_seconds',
    'Time from a violation to its full escalation.',
    [0.05, 0.1, 0.25, 0.5, 1, 2],
  );
  const notification = histogram(
    'committee_notification_latency_seconds',
    'Time until the committee has a notice.',
    [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2],
  );
  const revocation = histogram(
    'data_revocation_latency_seconds',
    'Time from a revocation to its completion.',
    [0.05, 0.1, 0.25, 0.5, 1, 5, 10],
  );
  const investigating = gauge('violations_under_investigation', 'Open investigations.', ['severity']);
  const committee = gauge('audit_committee_size', 'Members of the committee.');
  const loadedAt = gauge('policy_last_load_timestamp_seconds', 'When the policies were loaded and verified last.');
  const active = gauge('emergency_overrides_active', 'Emergency overrides in force.');

  for (const violation_type of violationTypes) {
    const severities = violation_type === violationTypes[0] ? rungSeverities : sanctions;
    for (const level of severities) violations.inc({ severity: level, violation_type, node_or_service: 'other' }, 0);
    for (const initiated_by of initiators) investigations.inc({ violation_type, initiated_by }, 0);
  }
  for (const status of attemptStatuses) attempts.inc({ metric_name: 'other', node_or_service: 'other', status }, 0);
  revocations.inc({ reason: 'other', node_or_service: 'other' }, 0);
  overrides.inc({ reason: 'other', who_triggered: 'other' }, 0);
  for (const level of rungSeverities) {
    notices.inc({ severity: level, recipient_count: '0' }, 0);
    investigating.set({ severity: level }, 0);
  }

  return {
    /** Seconds that one sample took. */
    validated: (seconds: number) => validation.observe(seconds),
    attempted: (metric: string, source: string, status: AttemptStatus) =>
      attempts.inc({ metric_name: metricName(metric), node_or_service: node(source), status }),
    /** Metrics that are known to be forbidden start at 0, so that their first attempt shows. */
    forbidden(names: readonly string[]) {
      for (const name of names)
        for (const status of attemptStatuses)
          attempts.inc({ metric_name: metricName(name), node_or_service: 'other', status }, 0);
    },
    violated: (level: string, violationType: string, nodeOrService: string) =>
      violations.inc({
        severity: severity(level),
        violation_type: type(violationType),
        node_or_service: node(nodeOrService),
      }),
    reported: (seconds: number) => report.observe(seconds),
    notified(level: string, recipients: number, seconds: number) {
      const count = Math.min(recipients, mostRecipients);
      notices.inc({ severity: severity(level), recipient_count: String(count) });
      notification.observe(seconds);
    },
    investigated: (violationType: string, initiated_by: Initiator) =>
      investigations.inc({ violation_type: type(violationType), initiated_by }),
    underInvestigation(counts: ReadonlyMap<string, number>) {
      investigating.reset();
      for (const level of rungSeverities) investigating.set({ severity: level }, 0);
      for (const [level, count] of counts) investigating.inc({ severity: severity(level) }, count);
    },
    overridden: (reason: string, by: string) =>
      overrides.inc({ reason: overrideReason(slugOf(reason)), who_triggered: person(by) }),
    overridesActive: (count: number) => active.set(count),
    revoked: (reason: string, nodeOrService: string) =>
      revocations.inc({ reason: revocationReason(slugOf(reason)), node_or_service: node(nodeOrService) }),
    revocationCompleted: (seconds: number) => revocation.observe(seconds),
    committeeSize: (count: number) => committee.set(count),
    /** `durationSeconds` is null when other things than policies were loaded with them. */
    policiesLoaded(durationSeconds: number | null, epochSeconds: number) {
      if (durationSeconds !== null) load.observe(durationSeconds);
      loadedAt.set(epochSeconds);
    },
  };
}
export type DomainMetrics = ReturnType<typeof createCharterMetrics>;
