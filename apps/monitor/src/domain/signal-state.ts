import type { Labels, Suppression, ViolationSource } from '@charter/shared/contracts';
import type { InconclusiveReason } from './observation.ts';
import type { Reading } from './reading.ts';

export type Phase = 'quiet' | 'pending' | 'firing' | 'recovering';

/** What Monitor remembers of one fingerprint between two looks. Times are milliseconds since the epoch. */
export interface SignalState {
  readonly fingerprint: string;
  readonly rule: string;
  readonly component: string;
  readonly metric: string;
  readonly phase: Phase;
  /** When this phase began. */
  readonly since: number;
  /** How often this fingerprint has fired so far. */
  readonly episode: number;
  /** The record of the running episode. */
  readonly violationId: string | null;
  readonly resolvedAt: number | null;
  /** How long a recovery must last. */
  readonly holdSeconds: number;
  /** Recent changes between firing and resolved. */
  readonly transitions: readonly number[];
  /** Last evidence that meant something. */
  readonly confirmedAt: number | null;
  readonly queryReading: Reading | null;
  readonly queriedAt: number | null;
  readonly alertSuppression: Suppression | null;
  /** The latest look, whatever it gave. */
  readonly value: number | null;
  readonly labels: Labels;
  readonly source: ViolationSource;
  readonly verdict: Reading | 'inconclusive';
  readonly reason: InconclusiveReason | null;
  readonly detail: string | null;
  readonly observedAt: number;
}

export const isActive = ({ phase }: Pick<SignalState, 'phase'>): boolean =>
  phase === 'firing' || phase === 'recovering';
