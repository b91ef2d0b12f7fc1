import type { Comparator, Labels, Severity, Suppression, ViolationSource } from '@charter/shared/contracts';
import type { Reading } from './reading.ts';

/**
 * Why an observation is no evidence, neither of health nor of breach: `empty` no series; `absent` no longer this component's;
 * `nan`, `infinite` no number to compare; `partial` the upstream warned; `stale` too old; `skewed` another clock; `unnamed` no
 * label names the component; `timeout`, `unavailable`, `rejected`, `malformed` as the upstream's client says; `unknown-upstream`
 * the rule names none of ours; `deadline` the round ended first.
 */
export const inconclusiveReasons = [
  'empty',
  'absent',
  'nan',
  'infinite',
  'partial',
  'stale',
  'skewed',
  'unnamed',
  'timeout',
  'unavailable',
  'rejected',
  'malformed',
  'unknown-upstream',
  'deadline',
] as const;
export type InconclusiveReason = (typeof inconclusiveReasons)[number];

/** What the violation would be called and measured against. */
export interface Subject {
  readonly fingerprint: string;
  readonly rule: string;
  readonly component: string;
  readonly metric: string;
  readonly severity: Severity;
  readonly comparator: Comparator;
  readonly threshold: number | null;
  readonly query: string | null;
  readonly description: string;
  readonly forSeconds: number;
  readonly resolveForSeconds: number;
}

interface Seen {
  readonly subject: Subject;
  /** Milliseconds since the epoch, by the clock of the source. */
  readonly at: number;
  readonly labels: Labels;
}

/** A value of the rule's own query, against the rule's limits. */
export interface Measured extends Seen {
  readonly kind: 'measured';
  readonly value: number;
  readonly reading: Reading;
}

/** Somebody else's judgment: an alert, or an enforcement event of the Charter. */
export interface Told extends Seen {
  readonly kind: 'told';
  readonly source: Exclude<ViolationSource, 'prometheus'>;
  readonly firing: boolean;
  readonly value: number | null;
  readonly startsAt: number;
  readonly suppression: Suppression | null;
  /** Others may say more, and worse: it can raise a severity but not lower it. */
  readonly isPartial: boolean;
}

/** Looked, and learned nothing. Changes nothing but the record of having looked. */
export interface Inconclusive {
  readonly kind: 'inconclusive';
  readonly fingerprint: string;
  /** Null when only the past knows what this is about. */
  readonly subject: Subject | null;
  readonly at: number;
  readonly reason: InconclusiveReason;
  readonly detail: string;
}

/** Nobody watches this any more: its rule left the pack, or nothing was heard of it for too long. */
export interface Withdrawn {
  readonly kind: 'withdrawn';
  readonly fingerprint: string;
  readonly subject: null;
  readonly at: number;
  readonly reason: string;
}

/** Nothing new, and none was due: what was last told still holds. */
export interface Standing {
  readonly kind: 'standing';
  readonly fingerprint: string;
  readonly subject: null;
  readonly at: number;
}

export type Observation = Measured | Told | Inconclusive | Withdrawn | Standing;

export const fingerprintOfObservation = (observation: Observation): string =>
  observation.subject === null ? observation.fingerprint : observation.subject.fingerprint;
