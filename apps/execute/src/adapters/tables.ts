import type { Disposition, OutcomeType, Plan, TargetState } from '@charter/shared/contracts';
import type { ColumnType, Generated, Selectable } from 'kysely';
import type { ActuatorCall } from '../domain/actuation.ts';
import type { Ledger } from '../domain/budget.ts';
import type { Direction, ExecutionState, Phase, Request, StepState } from '../domain/execution.ts';
import type { Reading } from '../domain/reading.ts';
import type { Sample } from '../domain/samples.ts';
import type { Json, Spec } from '../domain/spec.ts';
import type { Verdict } from '../domain/verification.ts';

/** JSON columns are read as values and written as text. */
type JsonColumn<Value> = ColumnType<Value, string, string>;
type NullableJson<Value> = ColumnType<Value | null, string | null | undefined, string | null>;
type Moment = ColumnType<Date | null, Date | null | undefined, Date | null>;

export interface ExecuteTables {
  execution: {
    id: string;
    plan_id: string;
    incident_id: string;
    outcome_id: string;
    dry_run: Generated<boolean>;
    plan: JsonColumn<Plan>;
    step_order: JsonColumn<string[]>;
    state: ExecutionState;
    phase: Generated<Phase>;
    requested: Request | null;
    requested_by: string | null;
    trigger_gone: Generated<boolean>;
    undo_reason: string | null;
    baseline: NullableJson<Reading[]>;
    samples: ColumnType<Sample[], string | undefined, string>;
    verify_from: Moment;
    verdict: NullableJson<Verdict>;
    outcome_type: OutcomeType | null;
    disposition: Disposition | null;
    reason: string | null;
    held_since: Moment;
    held_by: string | null;
    held_reason: string | null;
    claim: Generated<number>;
    holder: string | null;
    lease_until: Moment;
    next_at: Generated<Date>;
    deadline_at: Date;
    created_at: Generated<Date>;
    started_at: Moment;
    finished_at: Moment;
  };
  step: {
    execution_id: string;
    action_id: string;
    direction: Direction;
    state: StepState;
    target: string;
    call: JsonColumn<ActuatorCall>;
    undo: NullableJson<ActuatorCall>;
    idempotency_key: string;
    /** bigint: Postgres answers text. */
    fencing_token: ColumnType<string, number | string, number | string>;
    guarantee: TargetState['guarantee'];
    before_spec: NullableJson<Spec>;
    after_spec: NullableJson<Spec>;
    /** What the target showed before a restart that is sent at most once; null when it shows nothing like it. */
    before_mark: string | null;
    before_hash: string | null;
    after_hash: string | null;
    detail: string | null;
    intent_at: Generated<Date>;
    started_at: Moment;
    result_at: Moment;
  };
  journal: {
    id: Generated<string>;
    execution_id: string;
    at: Generated<Date>;
    kind: string;
    action_id: string | null;
    direction: Direction | null;
    text: string;
    data: JsonColumn<Record<string, Json>>;
  };
  target_lease: {
    target: string;
    generation: ColumnType<string, number, number>;
    fencing_token: ColumnType<string, number, number>;
    holder: string | null;
    expires_at: Moment;
    changed_at: Moment;
    changed_by: string | null;
    previous_spec: NullableJson<Spec>;
  };
  failure: { execution_id: string; target: string; at: Generated<Date>; reason: string };
  budget: { scope: string; ledger: ColumnType<Ledger, string | undefined, string> };
  storm_brake: { id: Generated<boolean>; pulled_at: Moment; calm_since: Moment };
}

export type ExecutionRow = Selectable<ExecuteTables['execution']>;
export type StepRow = Selectable<ExecuteTables['step']>;
/** What carrying out needs of a step; its moments are for people. */
export type StepRecord = Omit<StepRow, 'intent_at' | 'started_at' | 'result_at' | 'fencing_token'> & {
  readonly fencing_token: string | number;
};
export type JournalRow = Selectable<ExecuteTables['journal']>;
