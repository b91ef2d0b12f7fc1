import type {
  Approval,
  Decision,
  DecisionRequest,
  Permit,
  Plan,
  Target,
  TargetState,
  VerificationSignal,
  Violation,
} from '@charter/shared/contracts';
import type { ActuatorCall } from './domain/actuation.ts';
import type { Reading } from './domain/reading.ts';
import type { Spec } from './domain/spec.ts';

/** Leave to act, from the orchestrator. Rejects with `upstream-unavailable` when it does not answer. */
export interface Permits {
  request(asked: { executionId: string; group: string; policies: readonly string[] }): Promise<Permit>;
}

/** A file that stops this host at once. */
export interface LocalPause {
  isPaused(): Promise<boolean>;
}

/** The charter's word on a step, just before it acts. Rejects with `upstream-unavailable` when it does not answer. */
export interface Decisions {
  decide(request: DecisionRequest): Promise<Decision>;
  /** The newest approval of a plan; null when nobody was asked. */
  approvalOf(planId: string): Promise<Approval | null>;
}

/** Signals as they are now. A source that does not answer makes a reading `missing`. */
export interface Signals {
  read(signal: VerificationSignal): Promise<Reading>;
}

/** What the monitor knows of violations. Rejects with `upstream-unavailable` when it does not answer. */
export interface Violations {
  /** The latest episode; null when the monitor never saw one. */
  find(fingerprint: string): Promise<Violation | null>;
  /** Components with a violation that fires now. */
  firingComponents(): Promise<ReadonlySet<string>>;
}

/** Targets of the active pack, and the last good one while the charter is away. */
export interface Targets {
  /** False until there ever was an active pack: then a target that is not found says nothing. */
  isKnown(): boolean;
  find(name: string): Target | null;
  all(): readonly Target[];
}

/** Plans by id, from the plan service. */
export interface Plans {
  find(planId: string): Promise<Plan | null>;
}

/** Why something is changed, for targets that keep a note of it. */
export interface Purpose {
  readonly incidentId: string;
  /** What the plan is for, in words. */
  readonly text: string;
}

export interface EffectRequest {
  readonly call: ActuatorCall;
  readonly purpose: Purpose;
  readonly idempotencyKey: string;
  readonly fencingToken: number;
  readonly timeoutMs: number;
}

/** How a target answered. Only `unknown` leaves open whether something happened. */
export type EffectAnswer =
  | { readonly kind: 'applied' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** A newer fencing token was there before. */
  | { readonly kind: 'stale'; readonly reason: string }
  /** It never left this host. */
  | { readonly kind: 'not-sent'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Changes one target. It never throws for what a target or a network can do. */
export interface Effector {
  readonly kind: string;
  readonly guarantee: TargetState['guarantee'];
  apply(request: EffectRequest): Promise<EffectAnswer>;
  /** The target's settings; null when it has none to read. Rejects with `effector-unavailable`. */
  readSpec(): Promise<Spec | null>;
  /** Whether the target is up again after a change; null when it cannot tell. Rejects with `effector-unavailable`. */
  isReady(): Promise<boolean | null>;
  /**
   * Whether `call`, sent under this key, shows at the target; null when it cannot be told. Rejects with
   * `effector-unavailable`.
   */
  isApplied(call: ActuatorCall, idempotencyKey: string): Promise<boolean | null>;
  /**
   * What is another value after each restart, such as a start time: it tells whether a restart took place that must
   * not be sent twice. Absent or null where the target shows none. Rejects with `effector-unavailable`.
   */
  readMark?(): Promise<string | null>;
  /** What would be sent, for a dry run; without secrets. */
  preview(call: ActuatorCall): { readonly method: string; readonly url: string; readonly body: unknown };
  /** Lets the target itself say whether it would take a change, without making it; where a target can. */
  tryOut?(call: ActuatorCall): Promise<EffectAnswer>;
}

export interface Effectors {
  of(target: Target): Promise<Effector>;
}

/** Time between two facts; the record's own time is Postgres'. */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number;
  /** Rejects when `signal` is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Called between any two durable facts of a step; a process may die at each of them. */
export type Checkpoint = (point: CheckpointName, executionId: string) => Promise<void>;
export type CheckpointName =
  | 'picked-up'
  | 'intent-journalled'
  | 'start-journalled'
  | 'effect-done'
  | 'result-journalled'
  | 'verified';
