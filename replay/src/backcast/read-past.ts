import { type AlertRecord, subjectOfAlert } from '@charter/app-monitor/alert';
import { subjectOf } from '@charter/app-monitor/observe-query';
import { storedWatchFrom, type Watch, type WatchRule } from '@charter/app-monitor/watch';
import type { Prometheus, Series } from '@charter/prometheus';
import { CharterError, isBreaking } from '@charter/shared/contracts';
import type { ReplayPack } from '../read-pack.ts';
import { type Episode, episodesOf, joinSeries } from './episodes.ts';

type Subject = NonNullable<ReturnType<typeof subjectOfAlert>>;

/** One violation of the past. */
export interface PastViolation extends Episode {
  readonly subject: Subject;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: 'alertmanager' | 'prometheus';
}

export interface PastOptions {
  readonly prometheus: Pick<Prometheus, 'range'>;
  readonly pack: ReplayPack;
  readonly environment: string;
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

/** Prometheus gives at most 11,000 points of a series at once; days keep answers small, too. */
const mostPoints = 5_000;

/** What was wrong in the past: alerts that fired, and the pack's own rules asked again. Reads only. */
export async function readPast(options: PastOptions): Promise<{ violations: PastViolation[]; alerts: number }> {
  const { pack, environment } = options;
  const stored = storedWatchFrom({ id: pack.path, rules: pack.parts.rules, windows: pack.parts.windows });
  const watch: Watch = { ...stored, rules: new Map(stored.rules.map((rule) => [rule.name, rule])) };
  const alerts = await alertsOf(options, watch);
  const told = new Set(alerts.map(({ subject }) => subject.rule));
  const measured: PastViolation[] = [];
  for (const rule of stored.rules) {
    // an alert and a rule of the same name are evidence of the same violation: the alert is the one people saw
    if (rule.query !== null && !told.has(rule.name)) measured.push(...(await breachesOf(options, rule, environment)));
  }
  const violations = [...alerts, ...measured].toSorted(
    (a, b) => a.from - b.from || a.subject.fingerprint.localeCompare(b.subject.fingerprint),
  );
  return { violations, alerts: alerts.length };
}

async function alertsOf(options: PastOptions, watch: Watch): Promise<PastViolation[]> {
  const { environment, stepSeconds, to } = options;
  // seen within the step, not within Prometheus' look-back, which would make every alert minutes longer
  const seen = `max_over_time(ALERTS{alertstate="firing"}[${String(stepSeconds * 1_000 - 1)}ms])`;
  const series = await readSeries(options, seen);
  return series.flatMap((one) => {
    const { __name__: _name, alertstate: _state, ...labels } = one.labels;
    const alert: Pick<AlertRecord, 'labels' | 'annotations'> = { labels, annotations: {} };
    const subject = subjectOfAlert(alert, { environment, watch });
    if (!subject) return [];
    return episodesOf(one, {
      isWrong: () => true,
      staysWrong: () => true,
      forSeconds: 0,
      resolveForSeconds: 0,
      stepSeconds,
      readUntil: to,
    }).map((episode) => ({ ...episode, value: null, subject, labels, source: 'alertmanager' as const }));
  });
}

async function breachesOf(options: PastOptions, rule: WatchRule, environment: string): Promise<PastViolation[]> {
  const { query, threshold, comparator, resolveThreshold } = rule;
  if (query === null || threshold === null) return [];
  const series = await readSeries(options, query);
  return series.flatMap((one) => {
    const component = rule.component ?? one.labels[rule.componentLabel];
    if (!component) return [];
    return episodesOf(one, {
      isWrong: (value) => isBreaking(value, comparator, threshold),
      staysWrong: (value) => isBreaking(value, comparator, resolveThreshold ?? threshold),
      forSeconds: rule.forSeconds,
      resolveForSeconds: rule.resolveForSeconds,
      stepSeconds: options.stepSeconds,
      readUntil: options.to,
    }).map((episode) => ({
      ...episode,
      subject: subjectOf(rule, component, environment),
      labels: one.labels,
      source: 'prometheus' as const,
    }));
  });
}

async function readSeries({ prometheus, from, to, stepSeconds }: PastOptions, query: string) {
  const stretches: Series[][] = [];
  const length = Math.min(86_400, mostPoints * stepSeconds);
  for (let start = from; start <= to; start += length) {
    const end = Math.min(to, start + length - stepSeconds);
    const answer = await prometheus.range(query, { from: instant(start), to: instant(end), stepSeconds });
    if (answer.kind === 'matrix') stretches.push([...answer.series]);
    else if (answer.reason !== 'empty' && answer.reason !== 'nan') {
      throw new CharterError('upstream-unavailable', `Prometheus: ${answer.detail} (${query})`);
    }
  }
  return joinSeries(stretches);
}

export const instant = (seconds: number): string => new Date(seconds * 1_000).toISOString();
