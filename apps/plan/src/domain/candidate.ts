import type { PlannedAction } from '@charter/shared/contracts';

export interface Cause {
  readonly component: string;
  readonly metric: string;
  readonly confidence: number;
}

/** One change of one setting of one target, as far as it has a direction. */
export interface ResourceChange {
  readonly target: string;
  readonly resource: string;
  /** 1 raises it, -1 lowers it, 0 replaces it. */
  readonly sign: -1 | 0 | 1;
  /** Canonical JSON of the new value. */
  readonly value: string;
}

/** One way to act against one root cause, before it is scored. */
export interface Candidate {
  /** Strategy and root cause; ties are broken by it. */
  readonly id: string;
  readonly strategy: string;
  readonly rung: number;
  readonly cause: Cause;
  readonly actions: readonly PlannedAction[];
  /** Class of each target the actions touch. */
  readonly classes: Readonly<Record<string, string>>;
  readonly changes: readonly ResourceChange[];
  readonly cost: number;
  readonly risk: number;
  /** What the pack expects: chance of resolving the violation, and how long that takes. */
  readonly expectedSuccess: number;
  readonly expectedSeconds: number;
  /** What a person should know about how it was filled in. */
  readonly notes: readonly string[];
  /** Why it cannot be carried out now; null when it can. */
  readonly blockedBy: string | null;
}

export const causeKey = ({ component, metric }: Pick<Cause, 'component' | 'metric'>): string =>
  `${component}/${metric}`;

/** Several independent shares of a whole together; never above 1, whatever their order. */
export const jointShare = (shares: readonly number[]): number =>
  roundTo(1 - shares.toSorted((a, b) => a - b).reduce((rest, share) => rest * (1 - share), 1), 6);

export const roundTo = (value: number, digits: number): number => Number(value.toFixed(digits));
