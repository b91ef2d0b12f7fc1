import type { Measured, Observation, Told } from './observation.ts';
import type { MonitorSettings } from './settings.ts';
import { isActive, type SignalState } from './signal-state.ts';

export interface Step {
  readonly state: SignalState;
  readonly event: 'fired' | 'confirmed' | 'resolved' | null;
  /** When what just fired began, by the clock of its source. */
  readonly startedAt?: number;
}

/** A signal that has never been looked at. */
export const unseenSignal = (fingerprint: string, rule: string, component: string, metric: string): SignalState => ({
  fingerprint,
  rule,
  component,
  metric,
  phase: 'quiet',
  since: 0,
  episode: 0,
  violationId: null,
  resolvedAt: null,
  holdSeconds: 0,
  transitions: [],
  confirmedAt: null,
  queryReading: null,
  queriedAt: null,
  alertSuppression: null,
  value: null,
  labels: {},
  source: 'prometheus',
  verdict: 'inconclusive',
  reason: null,
  detail: null,
  observedAt: 0,
});

/** Moves one signal by one observation. */
export function stepSignal(state: SignalState, observation: Observation, settings: MonitorSettings): Step {
  switch (observation.kind) {
    case 'measured':
      return stepByValue(state, observation, settings);
    case 'told':
      return stepByWord(state, observation, settings);
    case 'inconclusive':
      return stepByNothing(state, observation, settings);
    case 'standing':
      if (state.phase === 'firing') return { state, event: 'confirmed' };
      if (state.phase !== 'recovering' || !isOver(state, observation.at)) return { state, event: null };
      return resolve(state, observation.at, settings);
    case 'withdrawn':
      if (!isActive(state)) return { state: { ...state, phase: 'quiet' }, event: null };
      return resolve(state, observation.at, settings);
  }
}

export function isFlapping({ transitions }: SignalState, now: number, settings: MonitorSettings): boolean {
  const since = now - settings.flapWindowSeconds * 1_000;
  return transitions.filter((at) => at > since).length >= settings.flapTransitions;
}

function stepByValue(previous: SignalState, seen: Measured, settings: MonitorSettings): Step {
  if (previous.queriedAt !== null && seen.at < previous.queriedAt) return { state: previous, event: null };
  const { at, reading, subject } = seen;
  const gap = previous.confirmedAt === null || at - previous.confirmedAt > settings.staleAfterSeconds * 1_000;
  const state: SignalState = {
    ...previous,
    queryReading: reading,
    queriedAt: at,
    confirmedAt: at,
    value: seen.value,
    labels: seen.labels,
    source: 'prometheus',
    verdict: reading,
    reason: null,
    detail: null,
    observedAt: at,
  };
  switch (previous.phase) {
    case 'quiet':
      if (reading !== 'breach') return { state, event: null };
      return subject.forSeconds === 0 ? fire(state, at, at, settings) : wait(state, 'pending', at);
    case 'pending': {
      if (reading !== 'breach') return { state: { ...state, phase: 'quiet', since: at }, event: null };
      const since = gap ? at : previous.since;
      return at - since >= subject.forSeconds * 1_000
        ? fire(state, at, since, settings)
        : wait(state, 'pending', since);
    }
    case 'firing':
    case 'recovering':
      if (reading !== 'clear') return { state: { ...state, ...firingAgain(previous, at) }, event: 'confirmed' };
      if (previous.phase === 'firing' && at <= previous.since) return { state, event: null };
      return recover(state, previous, at, gap, subject.resolveForSeconds, settings);
  }
}

/**
 * An alert or an event has applied its own `for`, so it counts at once. Where the rule has a query of its own, a fresh
 * reading decides when it is over, and an alert that began before that does not bring it back.
 */
function stepByWord(previous: SignalState, told: Told, settings: MonitorSettings): Step {
  const { at, firing, subject, source, startsAt } = told;
  const measures = subject.query !== null;
  const isMeasured =
    measures &&
    previous.queryReading !== null &&
    previous.queriedAt !== null &&
    at - previous.queriedAt <= settings.staleAfterSeconds * 1_000;
  const suppressed: SignalState = { ...previous, alertSuppression: firing ? told.suppression : null };
  const state: SignalState = {
    ...suppressed,
    confirmedAt: at,
    labels: told.labels,
    source,
    verdict: firing ? 'breach' : 'clear',
    value: told.value ?? (isMeasured ? previous.value : null),
    reason: null,
    detail: null,
    observedAt: at,
  };
  if (firing && !isActive(previous)) {
    const isPast = measures && previous.resolvedAt !== null && startsAt <= previous.resolvedAt;
    return isPast ? { state: suppressed, event: null } : fire(state, at, startsAt, settings);
  }
  if (firing && isMeasured) return { state: suppressed, event: null };
  if (firing) return { state: { ...state, ...firingAgain(previous, at) }, event: 'confirmed' };
  if (isMeasured && isActive(previous)) return { state: suppressed, event: null };
  if (!isActive(previous)) return { state: { ...state, phase: 'quiet' }, event: null };
  return recover(state, previous, at, false, subject.resolveForSeconds, settings);
}

function stepByNothing(
  previous: SignalState,
  seen: Extract<Observation, { kind: 'inconclusive' }>,
  settings: MonitorSettings,
): Step {
  const { at, reason, detail } = seen;
  const isStale = previous.confirmedAt !== null && at - previous.confirmedAt > settings.staleAfterSeconds * 1_000;
  const looked: SignalState = {
    ...previous,
    verdict: 'inconclusive',
    reason: isStale ? 'stale' : reason,
    detail: isStale ? `Nothing conclusive for too long; last: ${detail}` : detail,
    observedAt: at,
  };
  const isAbandoned = previous.confirmedAt !== null && at - previous.confirmedAt > settings.abandonAfterSeconds * 1_000;
  return isAbandoned && isActive(previous) ? resolve(looked, at, settings) : { state: looked, event: null };
}

const wait = (state: SignalState, phase: 'pending' | 'recovering', since: number): Step => ({
  state: { ...state, phase, since },
  event: null,
});

const isOver = ({ since, holdSeconds }: SignalState, at: number): boolean => at - since >= holdSeconds * 1_000;

const firingAgain = (previous: SignalState, at: number): Pick<SignalState, 'phase' | 'since'> => ({
  phase: 'firing',
  since: previous.phase === 'firing' ? previous.since : at,
});

function recover(
  state: SignalState,
  previous: SignalState,
  at: number,
  gap: boolean,
  resolveForSeconds: number,
  settings: MonitorSettings,
): Step {
  const holdSeconds = isFlapping(previous, at, settings)
    ? Math.max(resolveForSeconds, settings.flapHoldSeconds)
    : resolveForSeconds;
  if (holdSeconds === 0) return resolve(state, at, settings);
  const since = previous.phase === 'recovering' && !gap ? previous.since : at;
  const recovering = { ...state, phase: 'recovering' as const, since, holdSeconds };
  return isOver(recovering, at) ? resolve(state, at, settings) : { state: recovering, event: null };
}

const fire = (state: SignalState, at: number, startedAt: number, settings: MonitorSettings): Step => ({
  state: {
    ...state,
    phase: 'firing',
    since: at,
    episode: state.episode + 1,
    transitions: turned(state, at, settings),
  },
  event: 'fired',
  startedAt,
});

const resolve = (state: SignalState, at: number, settings: MonitorSettings): Step => ({
  state: { ...state, phase: 'quiet', since: at, resolvedAt: at, transitions: turned(state, at, settings) },
  event: 'resolved',
});

const turned = ({ transitions }: SignalState, at: number, { flapWindowSeconds }: MonitorSettings): number[] => [
  ...transitions.filter((earlier) => earlier > at - flapWindowSeconds * 1_000).slice(-20),
  at,
];
