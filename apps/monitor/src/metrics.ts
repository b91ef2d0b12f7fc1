import type { Registry } from '@charter/service';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Derived } from './domain/derive-violations.ts';
import { inconclusiveReasons } from './domain/observation.ts';
import type { Evaluation } from './domain/observe-query.ts';

export interface MonitorMetrics {
  cycled(durationSeconds: number, evaluations: readonly Evaluation[]): void;
  skippedCycle(): void;
  reconciled(result: 'listed' | 'inconclusive'): void;
  derived(derived: Derived): void;
  webhook(result: 'stored' | 'refused' | 'failed', alerts: number, seconds: number): void;
  drained(payloads: number, seconds: number): void;
  buried(): void;
  intake(backlog: number, oldestSeconds: number): void;
  firing(bySeverity: Readonly<Record<string, number>>): void;
  signal(result: 'taken' | 'foreign'): void;
}

const severities = ['critical', 'warning', 'info'] as const;

export function createMetrics(registry: Registry): MonitorMetrics {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter<Label>({ name: `charter_monitor_${name}`, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge<Label>({ name: `charter_monitor_${name}`, help, labelNames, registers });
  const durations = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `charter_monitor_${name}`, help, buckets, registers });

  const cycles = counter('cycles_total', 'Rounds of observation, by result.', ['result']);
  const cycleDuration = durations(
    'cycle_duration_seconds',
    'Time of one round, from questions to record.',
    [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  );
  const heartbeat = gauge('heartbeat_timestamp_seconds', 'When the last round was recorded.');
  const evaluations = counter('rule_evaluations_total', 'Evaluations of rules, by result.', ['result']);
  const inconclusive = counter('inconclusive_total', 'Evaluations that proved nothing, by reason.', ['reason']);
  const reconciliations = counter('reconciliations_total', 'Comparisons with Alertmanager, by result.', ['result']);
  const changes = counter('violation_changes_total', 'Changes of violations.', ['severity', 'kind']);
  const firing = gauge('violations_firing', 'Violations that fire now.', ['severity']);
  const heldBack = counter('announcements_held_total', 'Announcements that waited for a storm to pass.');
  const storm = gauge('storm_active', 'Whether the last derivation held announcements back.');
  const webhooks = counter('webhook_requests_total', 'Calls of the alert webhook, by result.', ['result']);
  const alerts = counter('webhook_alerts_total', 'Alerts taken in by webhook.');
  const webhookDuration = durations(
    'webhook_store_duration_seconds',
    'Time until a webhook call is durable.',
    [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  );
  const drained = counter('intake_drained_total', 'Webhook calls worked on.');
  const drainDuration = durations(
    'intake_drain_duration_seconds',
    'Time to work on one batch of webhook calls.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  );
  const buried = counter('intake_failed_total', 'Webhook calls set aside because working on them failed.');
  const backlog = gauge('intake_backlog', 'Webhook calls stored and not yet worked on.');
  const oldest = gauge('intake_oldest_age_seconds', 'Age of the oldest webhook call not yet worked on.');
  const signals = counter('enforcement_signals_total', 'Enforcement events of the charter, by result.', ['result']);

  for (const reason of inconclusiveReasons) inconclusive.inc({ reason }, 0);
  for (const severity of severities) {
    firing.set({ severity }, 0);
    for (const kind of ['opened', 'changed', 'repeated', 'resolved']) changes.inc({ severity, kind }, 0);
  }
  for (const result of ['stored', 'refused', 'failed']) webhooks.inc({ result }, 0);

  return {
    cycled(seconds, evaluated) {
      cycles.inc({ result: 'done' });
      cycleDuration.observe(seconds);
      heartbeat.set(Date.now() / 1_000);
      for (const { result, reason } of evaluated) {
        evaluations.inc({ result });
        if (result === 'inconclusive' && reason) inconclusive.inc({ reason });
      }
    },
    skippedCycle: () => cycles.inc({ result: 'skipped' }),
    reconciled: (result) => reconciliations.inc({ result }),
    derived(derived) {
      for (const { kind, violation } of derived.changes) changes.inc({ severity: violation.severity, kind });
      heldBack.inc(derived.heldBack);
      storm.set(derived.heldBack > 0 ? 1 : 0);
    },
    webhook(result, count, seconds) {
      webhooks.inc({ result });
      if (result !== 'stored') return;
      alerts.inc(count);
      webhookDuration.observe(seconds);
    },
    drained(payloads, seconds) {
      drained.inc(payloads);
      drainDuration.observe(seconds);
    },
    buried: () => buried.inc(),
    intake(waiting, seconds) {
      backlog.set(waiting);
      oldest.set(seconds);
    },
    firing(bySeverity) {
      for (const severity of severities) firing.set({ severity }, bySeverity[severity] ?? 0);
    },
    signal: (result) => signals.inc({ result }),
  };
}
