import { ActionType, Disposition, Instant, Name, OutcomeEvidence, OutcomeType } from '@charter/shared/contracts';
import { z } from 'zod';
import type { ExecutionRow, JournalRow, StepRow } from '../adapters/tables.ts';
import { Direction, ExecutionState, Phase, StepState } from '../domain/execution.ts';

/** One execution as lists show it. */
export const ExecutionView = z.strictObject({
  id: z.string(),
  planId: z.string(),
  incidentId: z.string(),
  environment: Name,
  strategy: Name,
  actions: z.array(z.strictObject({ id: Name, action: ActionType, target: Name })),
  dryRun: z.boolean(),
  state: ExecutionState,
  phase: Phase,
  outcomeType: OutcomeType.nullable(),
  disposition: Disposition.nullable(),
  reason: z.string().nullable(),
  /** A person's wish that is not granted yet. */
  requested: z.enum(['pause', 'cancel', 'rollback']).nullable(),
  /** Which gate keeps it waiting now. */
  held: z.strictObject({ gate: z.string(), reason: z.string(), since: Instant }).nullable(),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  deadlineAt: Instant,
});

const Spec = z.record(z.string(), z.json());
const Call = z.strictObject({ action: ActionType, operation: z.string(), body: Spec });

export const StepView = z.strictObject({
  actionId: Name,
  direction: Direction,
  state: StepState,
  target: Name,
  call: Call,
  undo: Call.nullable(),
  idempotencyKey: z.string(),
  fencingToken: z.int(),
  guarantee: z.enum(['keyed', 'set-point', 'at-most-once']),
  before: Spec.nullable(),
  after: Spec.nullable(),
  detail: z.string().nullable(),
  intentAt: Instant,
  startedAt: Instant.nullable(),
  resultAt: Instant.nullable(),
});

export const JournalView = z.strictObject({
  at: Instant,
  kind: z.string(),
  actionId: z.string().nullable(),
  direction: Direction.nullable(),
  text: z.string(),
  data: Spec,
});

/** One execution with everything that happened. */
export const ExecutionDetail = ExecutionView.extend({
  steps: z.array(StepView),
  journal: z.array(JournalView),
  samples: z.int(),
  evidence: z.array(z.strictObject(OutcomeEvidence.shape)),
});

const instant = (at: Date | null): string | null => at?.toISOString() ?? null;

export function executionView(row: ExecutionRow): z.infer<typeof ExecutionView> {
  const { plan, held_by, held_since } = row;
  return {
    id: row.id,
    planId: row.plan_id,
    incidentId: row.incident_id,
    environment: plan.environment,
    strategy: plan.strategy,
    actions: plan.actions.map(({ id, action, target }) => ({ id, action, target })),
    dryRun: row.dry_run,
    state: row.state,
    phase: row.phase,
    outcomeType: row.outcome_type,
    disposition: row.disposition,
    reason: row.reason,
    requested: row.requested,
    held:
      held_by === null || held_since === null
        ? null
        : { gate: held_by, reason: row.held_reason ?? '', since: held_since.toISOString() },
    createdAt: row.created_at.toISOString(),
    startedAt: instant(row.started_at),
    finishedAt: instant(row.finished_at),
    deadlineAt: row.deadline_at.toISOString(),
  };
}

export function executionDetail(
  row: ExecutionRow,
  steps: readonly StepRow[],
  journal: readonly JournalRow[],
): z.infer<typeof ExecutionDetail> {
  return {
    ...executionView(row),
    steps: steps.map(stepView),
    journal: journal.map(({ at, kind, action_id, direction, text, data }) => ({
      at: at.toISOString(),
      kind,
      actionId: action_id,
      direction,
      text,
      data,
    })),
    samples: row.samples.length,
    evidence: row.verdict?.evidence ?? [],
  };
}

const stepView = (step: StepRow): z.infer<typeof StepView> => ({
  actionId: step.action_id,
  direction: step.direction,
  state: step.state,
  target: step.target,
  call: step.call,
  undo: step.undo,
  idempotencyKey: step.idempotency_key,
  fencingToken: Number(step.fencing_token),
  guarantee: step.guarantee,
  before: step.before_spec,
  after: step.after_spec,
  detail: step.detail,
  intentAt: step.intent_at.toISOString(),
  startedAt: instant(step.started_at),
  resultAt: instant(step.result_at),
});
