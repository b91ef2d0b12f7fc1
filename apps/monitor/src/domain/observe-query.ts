import type { Labels } from '@charter/shared/contracts';
import { fingerprintOf } from './fingerprint.ts';
import type { Inconclusive, InconclusiveReason, Measured, Observation, Subject } from './observation.ts';
import { type Limits, type Reading, readingOf, worseOf } from './reading.ts';
import type { MonitorSettings } from './settings.ts';
import type { SignalState } from './signal-state.ts';
import type { WatchRule } from './watch.ts';

/** One series of an instant vector; `at` in milliseconds. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly at: number;
}

/** What asking a query gave: a vector to judge, or the reason why there is none. */
export type Answer =
  | { readonly kind: 'vector'; readonly samples: readonly Sample[] }
  | { readonly kind: 'inconclusive'; readonly reason: InconclusiveReason; readonly detail: string };

/** How a rule read at its last evaluation, over all its components. */
export interface Evaluation {
  readonly rule: string;
  readonly at: number;
  readonly result: Reading | 'inconclusive';
  readonly reason: InconclusiveReason | null;
  readonly detail: string | null;
  /** The worst finite value. */
  readonly value: number | null;
  readonly components: number;
  readonly breaching: number;
  readonly inconclusive: number;
}

interface Reduced {
  readonly value: number | null;
  readonly at: number;
  readonly labels: Labels;
  readonly fault: { reason: InconclusiveReason; detail: string } | null;
}

/**
 * Judges a rule's answer, one observation a component. Several series of one component count as their worst; one of them that
 * cannot be judged spoils a clear reading but not a breach. Components that were active before and are missing now are recorded
 * as inconclusive: absence is neither health nor breach.
 */
export function observeQuery(
  rule: WatchRule,
  answer: Answer,
  active: readonly SignalState[],
  context: { environment: string; settings: MonitorSettings },
  now: number,
): { observations: Observation[]; evaluation: Evaluation } {
  const limits = limitsOf(rule);
  if (answer.kind === 'inconclusive' || limits === null || answer.samples.length === 0) {
    const reason = answer.kind === 'inconclusive' ? answer.reason : 'empty';
    const detail = answer.kind === 'inconclusive' ? answer.detail : 'The query matched no series';
    const observations = active.map((state) => nothingOf(state.fingerprint, now, reason, detail));
    return { observations, evaluation: summaryOf(rule, now, observations, { reason, detail }, limits) };
  }
  const byComponent = new Map<string, Reduced>();
  let unnamed = 0;
  for (const sample of answer.samples) {
    const component = rule.component ?? sample.labels[rule.componentLabel] ?? '';
    if (component === '' || component.length > 200) {
      unnamed += 1;
      continue;
    }
    byComponent.set(component, reduce(byComponent.get(component), sample, limits, context.settings, now));
  }
  const observations: Observation[] = [];
  const seen = new Set<string>();
  for (const [component, reduced] of byComponent) {
    const subject = subjectOf(rule, component, context.environment);
    seen.add(subject.fingerprint);
    observations.push(observationOf(subject, reduced, limits));
  }
  for (const { fingerprint, component } of active) {
    if (seen.has(fingerprint)) continue;
    observations.push(nothingOf(fingerprint, now, 'absent', `The query no longer answers for ${component}`));
  }
  const fault = unnamed > 0 ? { reason: 'unnamed' as const, detail: unnamedDetail(rule, unnamed) } : null;
  return { observations, evaluation: summaryOf(rule, now, observations, fault, limits) };
}

export function subjectOf(rule: WatchRule, component: string, environment: string): Subject {
  const { name, metric, severity, comparator, threshold, query, forSeconds, resolveForSeconds } = rule;
  return {
    fingerprint: fingerprintOf(environment, component, name),
    rule: name,
    component,
    metric,
    severity,
    comparator,
    threshold,
    query,
    description: (rule.description ?? `${metric} of ${component} ${comparator} ${String(threshold)}`).slice(0, 4_000),
    forSeconds,
    resolveForSeconds,
  };
}

const limitsOf = ({ comparator, threshold, resolveThreshold }: WatchRule): Limits | null =>
  threshold === null ? null : { comparator, threshold, resolveThreshold };

function reduce(
  known: Reduced | undefined,
  { value, at, labels }: Sample,
  limits: Limits,
  settings: MonitorSettings,
  now: number,
): Reduced {
  const fault = faultOf(value, at, settings, now);
  if (fault) return known ? { ...known, fault: known.fault ?? fault } : { value: null, at, labels, fault };
  if (known?.value == null) return { value, at, labels, fault: known?.fault ?? null };
  const worst = worseOf(known.value, value, limits);
  return worst === known.value ? known : { ...known, value: worst, at, labels };
}

function faultOf(value: number, at: number, settings: MonitorSettings, now: number): Reduced['fault'] {
  if (Number.isNaN(value)) return { reason: 'nan', detail: 'The value is NaN' };
  if (!Number.isFinite(value)) return { reason: 'infinite', detail: `The value is ${value > 0 ? '+Inf' : '-Inf'}` };
  const ageSeconds = (now - at) / 1_000;
  if (ageSeconds > settings.staleAfterSeconds) {
    return { reason: 'stale', detail: `The sample is ${ageSeconds.toFixed(0)} s old` };
  }
  if (Math.abs(ageSeconds) > settings.skewToleranceSeconds) {
    return { reason: 'skewed', detail: `The clock of the source is ${ageSeconds.toFixed(0)} s off` };
  }
  return null;
}

function observationOf(subject: Subject, { value, at, labels, fault }: Reduced, limits: Limits): Observation {
  const reading = value === null ? null : readingOf(value, limits);
  if (value === null || reading === null || (fault && reading !== 'breach')) {
    const { reason, detail } = fault ?? { reason: 'empty' as const, detail: 'No value' };
    return { ...nothingOf(subject.fingerprint, at, reason, detail), subject };
  }
  return { kind: 'measured', subject, at, labels, value, reading };
}

const nothingOf = (fingerprint: string, at: number, reason: InconclusiveReason, detail: string): Inconclusive => ({
  kind: 'inconclusive',
  fingerprint,
  subject: null,
  at,
  reason,
  detail,
});

const unnamedDetail = ({ componentLabel }: WatchRule, count: number): string =>
  `${String(count)} series lack the label ${componentLabel} that names their component`;

function summaryOf(
  { name }: WatchRule,
  now: number,
  observations: readonly Observation[],
  fault: { reason: InconclusiveReason; detail: string } | null,
  limits: Limits | null,
): Evaluation {
  const measured = observations.filter((seen): seen is Measured => seen.kind === 'measured');
  const nothing = observations.find((seen): seen is Inconclusive => seen.kind === 'inconclusive');
  const breaching = measured.filter(({ reading }) => reading === 'breach').length;
  const worst = measured.reduce<number | null>(
    (value, seen) => (value === null || !limits ? seen.value : worseOf(value, seen.value, limits)),
    null,
  );
  const isClear = measured.length > 0 && !nothing && !fault;
  const between = measured.some(({ reading }) => reading === 'between');
  const said = fault ?? nothing ?? null;
  return {
    rule: name,
    at: now,
    result: breaching > 0 ? 'breach' : isClear ? (between ? 'between' : 'clear') : 'inconclusive',
    reason: said?.reason ?? null,
    detail: said?.detail ?? null,
    value: worst,
    components: measured.length,
    breaching,
    inconclusive: observations.length - measured.length,
  };
}
