import type { Labels, Severity, Suppression } from '@charter/shared/contracts';
import { fingerprintOf } from './fingerprint.ts';
import type { Subject, Told } from './observation.ts';
import { defaultThresholds } from './settings.ts';
import { boundedLabels } from './violation-record.ts';
import type { Watch, WatchRule } from './watch.ts';

/** One alert of an Alertmanager, as last heard. Times are milliseconds since the epoch. */
export interface AlertRecord {
  /** Hash of its labels as Alertmanager computes it, equal in all Alertmanagers. */
  readonly id: string;
  /** The violation it is evidence of; null when it is none of ours (severity `none`). */
  readonly fingerprint: string | null;
  readonly firing: boolean;
  readonly startsAt: number;
  readonly endsAt: number | null;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly suppression: Suppression | null;
  /** Where the Alertmanager that sent it says it lives. */
  readonly sender: string;
  /** Whether a configured Alertmanager has listed it, so that its absence from the list means something. */
  readonly listed: boolean;
  readonly seenAt: number;
}

/** What the rest of an alert's judgment is taken from. */
export interface AlertMapping {
  readonly environment: string;
  readonly watch: Watch;
}

const severities: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  page: 'critical',
  error: 'critical',
  warning: 'warning',
  info: 'info',
  information: 'info',
};

/** A dead-man's switch fires while all is well; by convention its severity is `none`. */
const isEvidence = (labels: Labels): boolean => labels.severity !== 'none';

/** The violation an alert is evidence of: of the rule it names, of the rule whose matchers it meets, or of its own name. */
export function subjectOfAlert(
  { labels, annotations }: Pick<AlertRecord, 'labels' | 'annotations'>,
  { environment, watch }: AlertMapping,
): Subject | null {
  if (!isEvidence(labels)) return null;
  const rule = ruleOfAlert(labels, watch);
  const name = rule?.name ?? (labels.charter_rule || labels.alertname || 'unnamed').slice(0, 200);
  const component = componentOf(labels, rule);
  return {
    fingerprint: fingerprintOf(environment, component, name),
    rule: name,
    component,
    metric: rule?.metric ?? (labels.charter_metric || name).slice(0, 200),
    severity: rule?.severity ?? severities[labels.severity ?? ''] ?? 'warning',
    comparator: rule?.comparator ?? '>',
    threshold: rule ? rule.threshold : (defaultThresholds[labels.charter_metric ?? ''] ?? null),
    query: rule?.query ?? null,
    description: (annotations.summary || annotations.description || rule?.description || name).slice(0, 4_000),
    forSeconds: 0,
    resolveForSeconds: rule?.resolveForSeconds ?? 0,
  };
}

function ruleOfAlert(labels: Labels, { rules }: Watch): WatchRule | null {
  const named = rules.get(labels.charter_rule ?? '');
  if (named) return named;
  for (const rule of rules.values()) {
    const matchers = rule.matchers ? Object.entries(rule.matchers) : [];
    if (matchers.length > 0 && matchers.every(([name, value]) => (labels[name] ?? '') === value)) return rule;
  }
  return null;
}

function componentOf(labels: Labels, rule: WatchRule | null): string {
  const own = rule?.component ?? (rule ? labels[rule.componentLabel] : undefined);
  return (own || labels.component || labels.service || labels.job || 'unknown').slice(0, 200);
}

/**
 * What is known of an alert after hearing of it again, perhaps from another Alertmanager or late. `startsAt` names the instance:
 * a later one always counts, and within one instance resolved is the last word.
 */
export function mergeAlert(known: AlertRecord | undefined, heard: AlertRecord): AlertRecord {
  if (!known) return heard;
  const listed = known.listed || heard.listed;
  const seenAt = Math.max(known.seenAt, heard.seenAt);
  if (heard.startsAt < known.startsAt) return { ...known, listed, seenAt };
  if (heard.startsAt > known.startsAt) return { ...heard, listed, seenAt };
  if (!known.firing && heard.firing) return { ...known, listed, seenAt };
  return { ...heard, listed, seenAt, suppression: heard.suppression ?? (heard.firing ? known.suppression : null) };
}

/**
 * What alerts of one violation say together: firing while any fires, suppressed only while all that fire are.
 * `isPartial` when they are not all of them.
 */
export function evidenceOfAlerts(
  alerts: readonly AlertRecord[],
  mapping: AlertMapping,
  now: number,
  isPartial = false,
): Told | null {
  const firing = alerts.filter((alert) => alert.firing);
  const speaker = (firing.length > 0 ? firing : alerts).toSorted((a, b) => a.startsAt - b.startsAt)[0];
  const subject = speaker ? subjectOfAlert(speaker, mapping) : null;
  if (!speaker || !subject) return null;
  const subjects = firing.map((alert) => subjectOfAlert(alert, mapping)?.severity);
  const severity = (['critical', 'warning', 'info'] as const).find((level) => subjects.includes(level));
  return {
    kind: 'told',
    source: 'alertmanager',
    subject: { ...subject, severity: severity ?? subject.severity },
    at: now,
    labels: boundedLabels(speaker.labels),
    firing: firing.length > 0,
    value: null,
    startsAt: speaker.startsAt,
    suppression: firing.every(({ suppression }) => suppression !== null) ? (firing[0]?.suppression ?? null) : null,
    isPartial,
  };
}
