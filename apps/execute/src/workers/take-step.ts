import type { Plan, PlannedAction, Target } from '@charter/shared/contracts';
import { CharterError } from '@charter/shared/contracts';
import { sql } from 'kysely';
import { debitBudgets } from '../adapters/budget-records.ts';
import { type ExecuteTx, type Run, underClaim } from '../adapters/execution-records.ts';
import { recordIntent } from '../adapters/step-records.ts';
import type { ExecutionRow, StepRow } from '../adapters/tables.ts';
import { breakerOf, compareGenerations, coolDownOf, takeTargets } from '../adapters/target-records.ts';
import { callFrom, describeCall, guaranteeFor, undoOf } from '../domain/actuation.ts';
import { chargesOf } from '../domain/charges.ts';
import { executionSeconds } from '../domain/execution.ts';
import type { Spec } from '../domain/spec.ts';
import { ownSilencesOf } from '../domain/trigger.ts';
import type { Effector } from '../ports.ts';
import type { ExecuteDeps } from './deps.ts';
import { type GateAnswer, passGates, type StepLeave } from './pass-gates.ts';
import { type Sent, sendStep } from './send-step.ts';
import { tell } from './tell.ts';

export type StepAnswer = Sent | Exclude<GateAnswer<unknown>, { kind: 'pass' }>;

/** One step forward: gates, arming, effect, result. Whatever happens in between, the journal knows how far it came. */
export async function takeStep(
  deps: ExecuteDeps,
  run: Run,
  { row, steps }: { row: ExecutionRow; steps: readonly StepRow[] },
  actionId: string,
): Promise<StepAnswer> {
  const { plan } = row;
  const action = plan.actions.find(({ id }) => id === actionId);
  if (!action) throw new Error(`Plan ${plan.id} has no action ${actionId}`);
  const target = deps.targets.find(action.target);
  if (target === null)
    return { kind: 'refuse', gate: 'target', reason: `The active pack has no target ${action.target}`, ask: false };
  const isFirst = row.started_at === null;
  const ownSilences = ownSilencesOf(steps.map(({ after_spec }) => after_spec));
  const leave = await passGates(deps, { executionId: run.executionId, plan, action, target, isFirst, ownSilences });
  if (leave.kind !== 'pass') return leave;
  const effector = await deps.effectors.of(target);
  const read = await readBefore(effector);
  if (read.kind !== 'read') return read;
  const before = read.spec;
  const armed = await underClaim(deps.store, run, (tx) =>
    armStep(deps, tx, { run, plan, action, target, effector, before, leave, isFirst }),
  );
  if (armed !== null) return armed;
  await deps.checkpoint('intent-journalled', run.executionId);
  return sendStep(deps, run, { plan, action, direction: 'forward', effector, leave });
}

/** The target's settings before a step; out of reach holds the step, a target that is declared wrongly refuses it. */
export async function readBefore(
  effector: Effector,
): Promise<{ readonly kind: 'read'; readonly spec: Spec | null } | Exclude<StepAnswer, { kind: 'sent' | 'gone' }>> {
  try {
    return { kind: 'read', spec: await effector.readSpec() };
  } catch (error) {
    if (!(error instanceof CharterError)) throw error;
    if (error.retryable) return { kind: 'hold', gate: 'effector', reason: error.message, isPause: false };
    return { kind: 'refuse', gate: 'effector', reason: error.message, ask: false };
  }
}

export interface Arming {
  readonly run: Run;
  readonly plan: Plan;
  readonly action: PlannedAction;
  readonly target: Target;
  readonly effector: Effector;
  readonly before: Spec | null;
  readonly leave: StepLeave;
  readonly isFirst: boolean;
}

/** Compare-and-set on the generation, then breaker, budgets and cool-down, then the intent: one transaction, all or none. */
export async function armStep(deps: ExecuteDeps, tx: ExecuteTx, step: Arming): Promise<StepAnswer | null> {
  const { settings } = deps;
  const { run, plan, action, target, before, effector, leave } = step;
  const { executionId } = run;
  const refuse = (gate: string, reason: string): StepAnswer => ({ kind: 'refuse', gate, reason, ask: false });
  const targets = plan.actions.map((each) => each.target).sort();
  const stale = await compareGenerations(tx, plan, { executionId, targets });
  if (stale !== null) return refuse(stale.gate, stale.reason);
  const broken = await breakerOf(tx, action.target, settings.breaker);
  if (broken !== null) return refuse('breaker', broken);
  const exhausted = await debitBudgets(tx, {
    executionId,
    actionId: action.id,
    charges: chargesOf({ ...step, ...leave }, settings.budget),
    windowSeconds: settings.budget.windowSeconds,
  });
  if (exhausted !== null) return refuse('budget', exhausted);
  const cooldownSeconds = target.limits.cooldown ?? settings.cooldownSeconds;
  const cooling = await coolDownOf(tx, { executionId, target: action.target, cooldownSeconds });
  if (cooling !== null) return refuse('cool-down', cooling);
  const fencingToken = await takeTargets(tx, plan, {
    executionId,
    target: action.target,
    targets,
    leaseSeconds: settings.targetLeaseSeconds,
  });
  const call = callFrom(action);
  const undo = action.reversible ? undoOf(call, before) : null;
  const text = describeCall(call, action.target);
  const guarantee = guaranteeFor(effector.guarantee, call, before);
  await recordIntent(tx, {
    executionId,
    actionId: action.id,
    direction: 'forward',
    target: action.target,
    call,
    undo,
    guarantee,
    fencingToken,
    before,
    text,
  });
  if (step.isFirst) await begin(tx, step, settings.executionSlackSeconds);
  const number = plan.actions.indexOf(action) + 1;
  await tell(tx, plan, {
    event: 'step-started',
    text: `Step ${String(number)} of ${String(plan.actions.length)}: ${text}`,
    data: {
      executionId,
      actionId: action.id,
      action: action.action,
      target: action.target,
      policies: [...leave.policies],
    },
  });
  return null;
}

async function begin(tx: ExecuteTx, { run, plan, leave }: Arming, slackSeconds: number): Promise<void> {
  await tx.db
    .updateTable('execution')
    .set({
      state: 'in_progress',
      started_at: sql<Date>`clock_timestamp()`,
      deadline_at: sql<Date>`now() + make_interval(secs => ${executionSeconds(plan, slackSeconds)})`,
      baseline: JSON.stringify(leave.readings),
    })
    .where('id', '=', run.executionId)
    .execute();
  await tell(tx, plan, {
    event: 'execution-started',
    text: `Carrying out ${plan.strategy}: ${plan.actions.map((action) => describeCall(callFrom(action), action.target)).join(', then ')}`,
    data: { executionId: run.executionId },
  });
}
