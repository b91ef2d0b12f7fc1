import type { CharterClient } from '@charter/shared/charter-client';
import type {
  Analysis,
  Disposition,
  OutcomeType,
  Recommendation,
  Rule,
  Strategy,
  Target,
  TargetState,
  Window,
} from '@charter/shared/contracts';

/** The parts of the active pack that planning reads; null until there was one. */
export interface PlanningPack {
  readonly rules: ReadonlyMap<string, Rule>;
  readonly targets: ReadonlyMap<string, Target>;
  readonly strategies: readonly Strategy[];
  readonly windows: readonly Window[];
}

export interface ActivePackSource {
  current(): PlanningPack | null;
}

/** An execution as far as a plan wants to know of it. */
export interface ExecutionSeen {
  readonly id: string;
  readonly planId: string;
  readonly state: string;
  readonly outcomeType: OutcomeType | null;
  readonly disposition: Disposition | null;
  readonly dryRun: boolean;
}

/** What execute answers. Rejects with `upstream-unavailable` when it does not. */
export interface Executor {
  targetStates(): Promise<Map<string, TargetState>>;
  /** Executions of one plan that are no rehearsal. */
  executionsOf(query: { readonly planId: string }): Promise<ExecutionSeen[]>;
}

/** What Knowledge recommends for one root cause; null when it does not answer in time. */
export interface Teacher {
  recommendation(cause: { component: string; metric: string }): Promise<Recommendation | null>;
}

/** Analyses by id. Null when there is none. */
export interface Analyses {
  find(id: string): Promise<Analysis | null>;
}

/** The charter as planning uses it. */
export type Charter = Pick<CharterClient, 'decide' | 'createApproval' | 'approval' | 'vote' | 'withdraw'>;
