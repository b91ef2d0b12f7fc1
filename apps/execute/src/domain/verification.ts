import type { Outcome, OutcomeType, VerificationSignal } from '@charter/shared/contracts';
import { excessOf, numberOf, type Reading, violates } from './reading.ts';
import { beforeOf, gainOf, indexesOf, medianOf, type Sample, scaleOf, type VerificationFacts } from './samples.ts';
import type { ExecuteSettings } from './settings.ts';
import { attributionOf, percent, trendOf } from './untreated-peers.ts';

export interface Verdict {
  readonly type: OutcomeType;
  readonly reason: string;
  readonly evidence: Outcome['evidence'];
  /** When all violated signals were back within their thresholds for good; null when they are not. */
  readonly stableAtMs: number | null;
  /** Share of a recovery that is the plan's doing, 0..1; null when nothing recovered, or it was recorded before there was one. */
  readonly attribution?: number | null;
}

type Margins = ExecuteSettings['verification'];

/** What the samples so far say; null to go on looking. */
export function judge(facts: VerificationFacts, nowMs: number, margins: Margins): Verdict | null {
  const { verification, samples } = facts;
  const needed = Math.max(3, verification.samples);
  if (samples.length < needed) return null;
  const early = clearSuccess(facts, margins);
  if (early) return early;
  if (nowMs < facts.fromMs + verification.windowSeconds * 1_000) return null;
  return conclude(facts, samples.slice(-needed), margins);
}

/** The latest samples all resolved, with room to spare, and no neighbor worse: nothing left to wait for. */
function clearSuccess(facts: VerificationFacts, margins: Margins): Verdict | null {
  const { verification, samples } = facts;
  const tail = samples.slice(-Math.max(3, margins.stableSamples));
  const violated = indexesOf(verification, 'violated');
  if (violated.length === 0) return null;
  const isClear = tail.every(({ readings }) =>
    violated.every((index) => {
      const signal = verification.signals[index];
      return signal !== undefined && isClearlyResolved(signal, readings[index], margins.clearMargin);
    }),
  );
  if (!isClear || worseNeighbor(facts, tail, margins) !== null || lostNeighbor(facts, tail) !== null) return null;
  return verdict(facts, tail, 'success', 'All violated signals are back within their thresholds and stay there');
}

function isClearlyResolved(signal: VerificationSignal, reading: Reading | undefined, margin: number): boolean {
  if (violates(signal, reading) !== false) return false;
  if (reading?.kind !== 'value' || signal.threshold === null) return true;
  if (signal.comparator === '==' || signal.comparator === '!=') return true;
  return excessOf(signal, reading.value) <= -Math.abs(signal.threshold) * margin;
}

function conclude(facts: VerificationFacts, tail: readonly Sample[], margins: Margins): Verdict {
  const { verification } = facts;
  const violated = indexesOf(verification, 'violated');
  if (violated.length === 0) return verdict(facts, tail, 'unknown', 'The plan names no signal to verify against');
  for (const index of violated) {
    const signal = verification.signals[index];
    const unclear = tail.find(({ readings }) => !signal || violates(signal, readings[index]) === null);
    if (unclear)
      return verdict(
        facts,
        tail,
        'unknown',
        `${signal?.rule ?? 'A signal'} cannot be told: ${why(unclear.readings[index])}`,
      );
  }
  const worse = worseNeighbor(facts, tail, margins) ?? worseViolated(facts, tail, violated, margins);
  if (worse !== null) return verdict(facts, tail, 'degradation', worse);
  const lost = lostNeighbor(facts, tail);
  if (lost !== null) return verdict(facts, tail, 'unknown', lost);
  const gains = violated.map((index) => gainOf(facts, tail, index));
  if (gains.every((gain) => gain === 1))
    return verdict(facts, tail, 'success', 'All violated signals are back within their thresholds');
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const down = percent(Math.max(0, mean));
  if (mean >= margins.partialRatio)
    return verdict(facts, tail, 'partial', `The violation is down by ${down} but not gone`);
  return verdict(facts, tail, 'ineffective', `The violation is down by ${down}: the plan did not help`);
}

function worseViolated(
  facts: VerificationFacts,
  tail: readonly Sample[],
  violated: readonly number[],
  margins: Margins,
): string | null {
  // What went as far the wrong way where nothing was done is not the plan's doing.
  const margin = margins.worseMargin + trendOf(facts, tail);
  for (const index of violated) {
    const signal = facts.verification.signals[index];
    const before = beforeOf(facts, index);
    if (!signal || before === null || signal.threshold === null) continue;
    const bar = excessOf(signal, before) + scaleOf(signal, before) * margin;
    if (tail.every(({ readings }) => isBeyond(signal, readings[index], Math.max(0, bar)))) {
      return `${signal.rule} went from ${String(before)} to ${String(medianOf(tail, index))}: worse than before`;
    }
  }
  return null;
}

/** The first neighbor that is in trouble in every sample and was not before. */
function worseNeighbor(facts: VerificationFacts, tail: readonly Sample[], margins: Margins): string | null {
  for (const index of indexesOf(facts.verification, 'neighbor')) {
    const signal = facts.verification.signals[index];
    const before = beforeOf(facts, index);
    if (!signal || before === null) continue;
    const scale = scaleOf(signal, before);
    if (scale === 0) continue;
    const slack = scale * margins.neighborMargin;
    const bar =
      signal.threshold === null ? excessOf(signal, before) + slack : Math.max(0, excessOf(signal, before) + slack);
    if (tail.every(({ readings }) => isBeyond(signal, readings[index], bar))) {
      return `Neighbor ${signal.component} got worse: ${signal.metric} went from ${String(before)} to ${String(medianOf(tail, index))}`;
    }
  }
  return null;
}

/** A neighbor that could be read just before the effect and not once since: whether it suffered cannot be told. */
function lostNeighbor(facts: VerificationFacts, tail: readonly Sample[]): string | null {
  const isRead = (reading: Reading | undefined): boolean => Number.isFinite(numberOf(reading) ?? Number.NaN);
  for (const index of indexesOf(facts.verification, 'neighbor')) {
    const signal = facts.verification.signals[index];
    if (!signal || !isRead(facts.baseline?.[index]) || tail.some(({ readings }) => isRead(readings[index]))) continue;
    return `Neighbor ${signal.component} cannot be told any more: ${signal.metric} has no value since`;
  }
  return null;
}

function isBeyond(signal: VerificationSignal, reading: Reading | undefined, bar: number): boolean {
  const value = numberOf(reading);
  return value !== null && !Number.isNaN(value) && excessOf(signal, value) > bar;
}

const why = (reading: Reading | undefined): string =>
  reading?.kind === 'missing' ? reading.reason : 'its value is not a number or it has no threshold';

function verdict(facts: VerificationFacts, tail: readonly Sample[], type: OutcomeType, reason: string): Verdict {
  const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null);
  const evidence = facts.verification.signals.map((signal, index) => {
    const states = tail.map(({ readings }) => violates(signal, readings[index]));
    return {
      role: signal.role,
      rule: signal.rule,
      component: signal.component,
      metric: signal.metric,
      before: finite(beforeOf(facts, index)),
      after: finite(medianOf(tail, index)),
      threshold: signal.threshold,
      resolved: states.includes(null) ? null : !states.includes(true),
    };
  });
  const stableAtMs = type === 'success' ? stableSince(facts) : null;
  if (type !== 'success' && type !== 'partial') return { type, reason, evidence, stableAtMs, attribution: null };
  const { share, text } = attributionOf(facts, tail);
  const caveat = share === 1 ? '' : `; ${text}: ${percent(share)} of it counts as the plan's doing`;
  return { type, reason: `${reason}${caveat}`, evidence, stableAtMs, attribution: share };
}

/** The first of the uninterrupted resolved samples at the end. */
function stableSince({ verification, samples }: VerificationFacts): number | null {
  const violated = indexesOf(verification, 'violated');
  let since: number | null = null;
  for (const { atMs, readings } of samples.toReversed()) {
    const isResolved = violated.every((index) => {
      const signal = verification.signals[index];
      return signal !== undefined && violates(signal, readings[index]) === false;
    });
    if (!isResolved) break;
    since = atMs;
  }
  return since;
}
