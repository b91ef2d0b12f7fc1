import type { TimelineEntry } from '@charter/shared/contracts';
import type { Change } from './derive-violations.ts';
import { instantOf, type ViolationRecord } from './violation-record.ts';

/**
 * What a violation measures, in a few words: `p99_latency_seconds of checkout is 0.82 (limit: > 0.5)`. An alert may know
 * before the query does: then the value is the one read last.
 */
function reads({ metric, component, value, comparator, threshold, source, state }: ViolationRecord): string {
  const limit = threshold === null ? '' : ` (limit: ${comparator} ${String(threshold)})`;
  if (value === null) return `${metric} of ${component}${limit}`;
  const isOld = source === 'alertmanager' && state === 'firing';
  return `${metric} of ${component} ${isOld ? 'read last' : 'is'} ${String(Number(value.toPrecision(4)))}${limit}`;
}

const bySource = { prometheus: 'a query', alertmanager: 'an alert', charter: 'the charter' } as const;

/** A change as a line of its incident's timeline. A repeat of what was told before is no news. */
export function timelineEntryOf(change: Change, isFirst: boolean, now: number): TimelineEntry | null {
  const { kind, violation, reason } = change;
  if (kind === 'repeated' && violation.announcedAt !== null) return null;
  const opens = kind === 'opened' || kind === 'repeated';
  const held = violation.suppressed
    ? ` Nothing will act on it: suppressed by ${violation.suppressed.by} ${violation.suppressed.reference}.`
    : '';
  const text = isFirst
    ? `Incident opened: ${violation.rule} (${violation.severity}) fires, told by ${bySource[violation.source]}: ${reads(violation)}.${held}`
    : opens
      ? `${violation.rule} (${violation.severity}) joins: ${reads(violation)}.${held}`
      : `${violation.rule} ${kind === 'resolved' ? `${reason}:` : 'changed:'} ${kind === 'resolved' ? reads(violation) : reason}.`;
  return {
    incidentId: violation.incidentId,
    stage: 'monitor',
    event: isFirst ? 'incident-opened' : 'violation-changed',
    at: instantOf(now),
    text: text.slice(0, 2_000),
    data: {
      violationId: violation.id,
      fingerprint: violation.fingerprint,
      revision: violation.revision,
      rule: violation.rule,
      component: violation.component,
      metric: violation.metric,
      severity: violation.severity,
      state: violation.state,
      value: violation.value,
      threshold: violation.threshold,
      source: violation.source,
      environment: violation.environment,
      suppressed: violation.suppressed,
      startedAt: violation.startedAt,
    },
  };
}

/** The line that ends an incident's violations. */
export const clearedEntry = (
  incident: { readonly id: string; readonly component: string },
  quietSeconds: number,
  now: number,
): TimelineEntry => ({
  incidentId: incident.id,
  stage: 'monitor',
  event: 'incident-cleared',
  at: instantOf(now),
  text: `All violations of ${incident.component} have been resolved for ${String(quietSeconds)} s.`,
  data: { component: incident.component },
});
